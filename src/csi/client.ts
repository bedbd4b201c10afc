import { credentials, makeClientConstructor, type ServiceError } from "@grpc/grpc-js";
import { errorCodeOfGrpc, StatusError } from "../kit/errors.ts";
import { serviceDefinition, type ServiceName } from "./descriptor.ts";
import type { CsiCall } from "./rpc.ts";

type UnaryMethod = (
  request: unknown,
  options: { deadline: number },
  done: (error: ServiceError | null, response: unknown) => void,
) => void;

/** The RPCs of a table as a caller sees them. */
export type Calls<Rpcs> = {
  readonly [Name in keyof Rpcs]: Rpcs[Name] extends (
    request: infer Request,
    call: CsiCall,
  ) => Promise<infer Response>
    ? (request: Partial<Request>) => Promise<Response>
    : never;
};

export interface CsiClient<Rpcs> {
  readonly call: Calls<Rpcs>;
  close(): void;
}

/** Calls a service on a Unix socket as kubelet and the sidecars do. Failures are StatusErrors. */
export function csiClient<Rpcs extends object>(
  name: ServiceName,
  socket: string,
  budgetMs = 120_000,
): CsiClient<Rpcs> {
  const Client = makeClientConstructor(serviceDefinition(name), name);
  const client = new Client(`unix://${socket}`, credentials.createInsecure());
  const methods = client as unknown as Record<string, UnaryMethod>;
  const call = new Proxy({} as Calls<Rpcs>, {
    get: (_target, method: string) => (request: unknown) =>
      new Promise((resolve, reject) => {
        methods[method]?.call(client, request, { deadline: Date.now() + budgetMs }, (error, response) => {
          if (error === null) resolve(response);
          else reject(new StatusError(errorCodeOfGrpc(error.code), error.details, error));
        });
      }),
  });
  return {
    call,
    close: () => {
      client.close();
    },
  };
}
