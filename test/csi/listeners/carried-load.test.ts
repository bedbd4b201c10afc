import { linuxCarried } from "../../support/linux-carried.ts";
import { serverUnderLoad } from "../../support/server-under-load.ts";

describe("csi server under load, over the carried listener", () => {
  serverUnderLoad(linuxCarried());
});
