import { builtInListener } from "../../src/csi/listeners/built-in-listener.ts";
import { serverUnderLoad } from "../support/server-under-load.ts";

describe("csi server under load", () => {
  serverUnderLoad(builtInListener);
});
