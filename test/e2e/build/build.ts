import { buildBinaries } from "./binaries.ts";

// For who wants them built before the cluster test asks for them.
await buildBinaries();
