/** What makes a CSI call safe to repeat, as the table of RPCs tells it. */
export interface RpcFacts {
  /** What makes a repeated call the same one. */
  readonly key: string;
  /** What it holds while it runs, and where. */
  readonly lock: string;
  /** Requests to agents, each once, by the situation in which they are made; "" where there is only one. */
  readonly host: Readonly<Record<string, readonly string[]>>;
}

/** An RPC that only tells what is set. */
export const ASKS_NOBODY: RpcFacts = { key: "changes nothing", lock: "none", host: {} };
