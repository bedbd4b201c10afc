import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface StubServer {
  readonly url: string;
  /** Requests so far, as `METHOD /path`. */
  readonly seen: string[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

/** An HTTP server that answers what the test says, for the tests of the enclosing `describe`. */
export function stubServer(): StubServer {
  const stub = { url: "", seen: [] as string[], answer: (() => undefined) as StubServer["answer"] };
  const server = createServer((request, response) => {
    stub.seen.push(`${request.method ?? ""} ${request.url ?? ""}`);
    stub.answer(request, response);
  });
  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (typeof address === "object" && address !== null) stub.url = `http://127.0.0.1:${address.port}`;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return stub;
}

/** Answers with JSON, whatever was asked. */
export function json(status: number, value: unknown): StubServer["answer"] {
  return (_request, response) => {
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
  };
}
