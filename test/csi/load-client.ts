/**
 * A client of test/csi/server-load.test.ts in a process of its own: load-client.ts SOCKET CALLS. It makes so
 * many calls at once, and says how many were answered.
 */
import { csiClient } from "../../src/csi/client.ts";
import type { IdentityRpcs } from "../../src/csi/rpc.ts";

const [socket = "", calls = "0"] = process.argv.slice(2);
const client = csiClient<IdentityRpcs>("Identity", socket, 15_000);
process.stdout.write("calling\n");
const results = await Promise.allSettled(Array.from({ length: Number(calls) }, () => client.call.Probe({})));
const answered = results.filter(({ status }) => status === "fulfilled").length;
process.stdout.write(`answered ${answered}\n`);
client.close();
