import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { version } from "../../kit/version.ts";

const keyAnyWay = [{ apiKey: [] }, { bearer: [] }];

/**
 * Describes every route that is registered after it, from the schemas that check requests and write answers, in
 * OpenAPI 3.1. https://spec.openapis.org/oas/v3.1.1.html
 */
export async function describeRoutes(server: FastifyInstance): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "hyperv-csi agent",
        version,
        description:
          "Two REST APIs over one engine of volumes. Sizes of the volume service API are bytes; those of the Volumes API v1 are MiB.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      components: {
        securitySchemes: {
          apiKey: { type: "apiKey", in: "header", name: "X-Api-Key" },
          bearer: { type: "http", scheme: "bearer" },
        },
      },
      security: keyAnyWay,
    },
  });
}

/** Serves the description. */
export function openApiRoute(server: FastifyInstance): void {
  server.get("/openapi.json", { config: { open: true }, schema: { hide: true } }, () => server.swagger());
}
