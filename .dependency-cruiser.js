/**
 * Imports go one way: commands → controller | node | agent → agent-client | csi | vhdx → kit.
 * @type {import("dependency-cruiser").IConfiguration}
 */
const rooms = "^src/(commands|controller|node|agent|agent-client|csi|vhdx|kit)/";

/** A rule that lets files under `from` import only the rooms in `allowed`. */
const only = (name, from, allowed) => ({
  name,
  severity: "error",
  comment: `${from} may import only: ${allowed.join(", ") || "itself"}`,
  from: { path: `^src/${from}/` },
  to: { path: rooms, pathNot: `^src/(${[from, ...allowed].join("|")})/` },
});

const lower = ["agent-client", "csi", "vhdx", "kit"];

export default {
  forbidden: [
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    only("controller-stays-apart", "controller", lower),
    only("node-stays-apart", "node", lower),
    only("agent-stays-apart", "agent", lower),
    only("agent-client-is-low", "agent-client", ["kit"]),
    only("csi-is-low", "csi", ["kit"]),
    only("vhdx-stands-alone", "vhdx", ["kit"]),
    only("kit-is-lowest", "kit", []),
    {
      name: "engine-knows-no-rest",
      severity: "error",
      from: { path: "^src/agent/(engine|hosts)/" },
      to: { path: "^src/agent/rest/" },
    },
    {
      name: "hosts-know-no-engine",
      severity: "error",
      from: { path: "^src/agent/hosts/" },
      to: { path: "^src/agent/engine/" },
    },
    {
      name: "no-dev-dependencies",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
