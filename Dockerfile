# syntax=docker/dockerfile:1
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:24-bookworm-slim
# What a Linux node needs to probe, format, check, grow and mount disks; tini ends and reaps what it starts.
RUN apt-get update \
 && apt-get install -y --no-install-recommends btrfs-progs cryptsetup-bin e2fsprogs mount tini util-linux xfsprogs \
 && rm -rf /var/lib/apt/lists/* /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /opt/yarn*
COPY --from=build /src/dist/hyperv-csi.mjs /usr/local/lib/hyperv-csi/hyperv-csi.mjs
# The one library that no bundle can hold: it calls those of the system.
COPY --from=build /src/node_modules/koffi /usr/local/lib/hyperv-csi/node_modules/koffi
COPY --from=build /src/node_modules/@koromix /usr/local/lib/hyperv-csi/node_modules/@koromix
RUN ln -s ../lib/hyperv-csi/hyperv-csi.mjs /usr/local/bin/hyperv-csi
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
# The controller needs no rights at all. The node plugin mounts disks: its pod sets runAsUser 0 and privileged.
USER 65532:65532
ENTRYPOINT ["tini", "--", "hyperv-csi"]
CMD ["--help"]
