import { StatusError } from "../../../kit/errors.ts";
import type { Drive } from "./protocol.ts";

const isIops = (value: string) => /^(0|[1-9][0-9]{0,8})$/.test(value);

/** Attributes of a volume that Hyper-V keeps to: I/O operations of 8 KiB a second, 0 for none. */
export const qosAttributes: Readonly<Record<string, (value: string) => boolean>> = {
  minimumIops: isIops,
  maximumIops: isIops,
};

export type Qos = Pick<Drive, "minimumIops" | "maximumIops">;

/** @throws StatusError INVALID_ARGUMENT for a minimum above the maximum */
export function qosOf(attributes: Readonly<Record<string, string>>): Qos {
  const minimumIops = Number(attributes["minimumIops"] ?? "0");
  const maximumIops = Number(attributes["maximumIops"] ?? "0");
  if (maximumIops > 0 && minimumIops > maximumIops) {
    throw new StatusError(
      "INVALID_ARGUMENT",
      `minimumIops ${minimumIops} is more than maximumIops ${maximumIops}`,
    );
  }
  return { minimumIops, maximumIops };
}
