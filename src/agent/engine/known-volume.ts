import { StatusError } from "../../kit/errors.ts";
import type { Volume } from "./engine.ts";
import type { EngineParts } from "./parts.ts";

/** The volume with this id. @throws StatusError NOT_FOUND; FAILED_PRECONDITION for a disk that is not served */
export function knownVolume({ catalog, pool }: EngineParts, id: string): Volume {
  const volume = catalog.byId(id);
  if (volume !== undefined) return volume;
  catalog.refuseLeftAlone(id);
  throw new StatusError(
    "NOT_FOUND",
    `volume ${JSON.stringify(id.slice(0, 128))} does not exist in ${pool.directory}`,
  );
}
