import type { CallContext, Engine } from "../../engine/engine.ts";
import type { Volume } from "../../engine/model.ts";
import { unlessGone } from "../../../kit/unless-gone.ts";
import { VolumesApiError } from "./refusals.ts";
import { requireNoUuid, withFreeName } from "./volume-names.ts";

/** Names of volumes that are made through this API: unlike the engine's creates, two of one name are not one. */
export class NewNames {
  readonly #engine: Engine;
  readonly #making = new Set<string>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Makes a volume of a new name, a random one when none is wanted.
   * @throws VolumesApiError EXISTS
   */
  async make(
    wanted: string | undefined,
    context: CallContext,
    work: (name: string) => Promise<Volume>,
  ): Promise<Volume> {
    const attempt = async (name: string): Promise<Volume | undefined> => {
      if (this.#making.has(name)) return undefined;
      this.#making.add(name);
      try {
        return (await this.#isTaken(name, context)) ? undefined : await work(name);
      } finally {
        this.#making.delete(name);
      }
    };
    if (wanted === undefined) return await withFreeName(attempt);
    requireNoUuid(wanted);
    const volume = await attempt(wanted);
    if (volume !== undefined) return volume;
    throw new VolumesApiError("EXISTS", `A volume with name '${wanted.slice(0, 128)}' exists already`);
  }

  async #isTaken(name: string, context: CallContext): Promise<boolean> {
    return (await unlessGone(this.#engine.getVolume(name, context))) !== undefined;
  }
}
