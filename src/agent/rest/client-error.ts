import { type Socket } from "node:net";
import { errorTable } from "../../kit/errors.ts";

/** What HTTP itself refuses before there is a request, by Node's name of it. */
const refusals: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ["431 Request Header Fields Too Large", "the header or the URL is larger than 16 KiB"],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "the request did not arrive in time"],
};

/** Answers what is no request in the form in which the APIs tell errors, and hangs up. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = refusals[error.code ?? ""] ?? ["400 Bad Request", "this is not HTTP"];
  const body = JSON.stringify({ code: errorTable.INVALID_ARGUMENT.grpc, message });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
