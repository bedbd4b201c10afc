/** What an Event of a reason is, and what to do about it. docs/reference/events.md tells the causes. */
export interface Reason {
  readonly type: "Normal" | "Warning";
  /** What was being done, as the API wants it in one word. */
  readonly action: string;
  /** Kinds of objects that it is told of. */
  readonly on: readonly ObjectKind[];
  /** Follows the finding in the Event's text; "" where nothing is to be done. */
  readonly next: string;
}

export type ObjectKind = "PersistentVolumeClaim" | "PersistentVolume" | "Node";

/** All Events of the controller, by reason. */
export const eventReasons = {
  NoRoomForVolume: {
    type: "Warning",
    action: "CreateVolume",
    on: ["PersistentVolumeClaim"],
    next: "Free space in a pool, add one, or allow another group; it is tried again by itself.",
  },
  NoRoomToGrow: {
    type: "Warning",
    action: "ExpandVolume",
    on: ["PersistentVolumeClaim", "PersistentVolume"],
    next: "Free space in the volume's pool, or move the volume to another; it is tried again by itself.",
  },
  VolumeUnhealthy: {
    type: "Warning",
    action: "WatchHealth",
    on: ["PersistentVolumeClaim", "PersistentVolume"],
    next: "Look the reason up in the reference of health.",
  },
  VolumeHealthy: {
    type: "Normal",
    action: "WatchHealth",
    on: ["PersistentVolumeClaim", "PersistentVolume"],
    next: "",
  },
  HostUnreachable: {
    type: "Warning",
    action: "WatchHosts",
    on: ["Node"],
    next: "Look whether the agent's service runs and its port is reachable from the cluster; volumes in use go on.",
  },
  HostReachable: { type: "Normal", action: "WatchHosts", on: ["Node"], next: "" },
  NodeFenced: {
    type: "Warning",
    action: "FenceNode",
    on: ["Node"],
    next: "Its pods and volumes move to other nodes; start the VM to have it back.",
  },
  NodeUnfenced: { type: "Normal", action: "FenceNode", on: ["Node"], next: "" },
  StartupTaintRemoved: { type: "Normal", action: "RemoveTaint", on: ["Node"], next: "" },
} as const satisfies Record<string, Reason>;

export type EventReason = keyof typeof eventReasons;
