import { toolsImage } from "../image/helper-images.ts";
import type { NewObject } from "./namespace.ts";

/** Where a pod's shell finds its volume: a directory, or a device. */
export const mountPath = "/data";
export const devicePath = "/dev/data";

/** A volume of a pod: whatever Kubernetes takes as a source of one. */
export type VolumeSource = Readonly<Record<string, unknown>>;

/** What differs between pods. */
export interface PodSpec {
  /** Name of the claim; or any other source of a volume. */
  readonly claim?: string;
  readonly source?: VolumeSource;
  /** Show the volume as a device. */
  readonly block?: boolean;
  readonly readOnly?: boolean;
  readonly subPath?: string;
  /** Name of the only node that will do. */
  readonly node?: string;
  /** Security context of the pod. */
  readonly security?: Readonly<Record<string, unknown>>;
}

/** The `spec` of a pod that waits in a shell and ends at once when it is told to. */
export function podSpec(spec: PodSpec) {
  const { block = false, readOnly = false, subPath, node, security } = spec;
  const source = spec.source ?? { persistentVolumeClaim: { claimName: spec.claim, readOnly } };
  const mount = { name: "data", mountPath, readOnly, ...(subPath === undefined ? {} : { subPath }) };
  return {
    ...(node === undefined ? {} : { nodeSelector: { "kubernetes.io/hostname": node } }),
    ...(security === undefined ? {} : { securityContext: security }),
    containers: [
      {
        name: "shell",
        image: toolsImage,
        imagePullPolicy: "Never",
        command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000000 & wait"],
        ...(block ? { volumeDevices: [{ name: "data", devicePath }] } : { volumeMounts: [mount] }),
      },
    ],
    volumes: [{ name: "data", ...source }],
  };
}

export function pod(name: string, spec: PodSpec): NewObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: podSpec(spec) };
}
