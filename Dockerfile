# syntax=docker/dockerfile:1
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && npm run sbom

FROM node:24-bookworm-slim
# What a Linux node needs to probe, format, check, grow and mount disks; tini ends and reaps what it starts.
RUN apt-get update \
 && apt-get install -y --no-install-recommends btrfs-progs cryptsetup-bin e2fsprogs mount tini util-linux xfsprogs \
 && rm -rf /var/lib/apt/lists/* /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /opt/yarn*
COPY --from=build /src/dist/hyperv-csi.mjs /usr/local/lib/hyperv-csi/hyperv-csi.mjs
# What it is made of, and the licences of that.
COPY --from=build /src/LICENSE /usr/share/doc/hyperv-csi/LICENSE
COPY --from=build /src/dist/THIRD-PARTY-NOTICES /usr/share/doc/hyperv-csi/THIRD-PARTY-NOTICES
COPY --from=build /src/dist/hyperv-csi.cdx.json /usr/share/doc/hyperv-csi/hyperv-csi.cdx.json
# The one library that no bundle can hold: it calls those of the system.
COPY --from=build /src/node_modules/koffi /usr/local/lib/hyperv-csi/node_modules/koffi
COPY --from=build /src/node_modules/@koromix /usr/local/lib/hyperv-csi/node_modules/@koromix
RUN ln -s ../lib/hyperv-csi/hyperv-csi.mjs /usr/local/bin/hyperv-csi
LABEL org.opencontainers.image.title="csi-driver-hyperv" \
      org.opencontainers.image.description="Kubernetes CSI driver for Hyper-V: volumes are VHDX files, hot-plugged into the VMs that are your nodes" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/node:24-bookworm-slim"
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
# The controller needs no rights at all. The node plugin mounts disks: its pod sets runAsUser 0 and privileged.
USER 65532:65532
ENTRYPOINT ["tini", "--", "hyperv-csi"]
CMD ["--help"]
