import type { FastifyInstance } from "fastify";
import { docsAssets, readDocsAsset } from "./assets.ts";

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>hyperv-csi agent: REST APIs</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const start = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null });\n`;

/** Nothing but the agent itself is asked for anything. */
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

const open = { config: { open: true }, schema: { hide: true } } as const;
const types = { css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8" };

/** The page on which people browse and try the API. It tells nothing of the host, and needs no key. */
export function docsRoutes(server: FastifyInstance): void {
  server.get("/docs", open, (_request, reply) =>
    reply.type("text/html; charset=utf-8").header("content-security-policy", policy).send(page),
  );
  server.get("/docs/start.js", open, (_request, reply) => reply.type(types.js).send(start));
  for (const name of docsAssets) {
    server.get(`/docs/${name}`, open, async (_request, reply) => {
      const type = name.endsWith(".css") ? types.css : types.js;
      const content = await readDocsAsset(name);
      return await reply.type(type).header("content-encoding", "gzip").send(content);
    });
  }
}
