import { expect } from "chai";
import { makeVolume, testController, WRITER } from "../support/controller.ts";
import { expectFailure, failureOf } from "../support/failure.ts";

describe("controller CreateVolume, repeated when its source is gone", () => {
  const controller = testController({ groups: ["one", "two"] });
  const copy = (name: string, volume_content_source: object, capacity_range: object | null = null) =>
    controller.call.CreateVolume({
      name,
      volume_capabilities: [WRITER],
      volume_content_source,
      capacity_range,
    });
  const mib = (count: number) => count * 2 ** 20;

  async function cut(name: string) {
    const { snapshot } = await controller.call.CreateSnapshot({
      name: `of-${name}`,
      source_volume_id: await makeVolume(controller, `source-of-${name}`),
    });
    return snapshot!.snapshot_id;
  }
  const remove = {
    snapshot: (snapshot_id: string) => controller.call.DeleteSnapshot({ snapshot_id }),
    volume: (volume_id: string) => controller.call.DeleteVolume({ volume_id }),
  };
  const sources = {
    "a snapshot": async (name: string) => {
      const snapshot_id = await cut(name);
      return { content: { snapshot: { snapshot_id } }, gone: () => remove.snapshot(snapshot_id) };
    },
    "a volume": async (name: string) => {
      const volume_id = await makeVolume(controller, `source-of-${name}`);
      return { content: { volume: { volume_id } }, gone: () => remove.volume(volume_id) };
    },
    "a volume by its bare id": async (name: string) => {
      const volume_id = await makeVolume(controller, `source-of-${name}`);
      const bare = { volume: { volume_id: volume_id.split("/")[1] } };
      return { content: bare, gone: () => remove.volume(volume_id) };
    },
  };

  for (const [what, source] of Object.entries(sources)) {
    for (const range of [null, { required_bytes: mib(4) }, { required_bytes: mib(12) }]) {
      const size = range === null ? "no size" : `${range.required_bytes / 2 ** 20} MiB`;
      it(`finds its volume: ${what}, ${size}`, async () => {
        const name = `found ${what} ${size}`;
        const { content, gone } = await source(name);
        const first = await copy(name, content, range);
        await gone();
        expect(await copy(name, content, range)).to.deep.equal(first);
      });
    }

    it(`is NOT_FOUND without such a volume: ${what}`, async () => {
      const { content, gone } = await source(`absent ${what}`);
      await gone();
      await expectFailure(copy(`absent ${what}`, content), "NOT_FOUND");
    });

    it(`is ALREADY_EXISTS for another source or size: ${what}`, async () => {
      const name = `other ${what}`;
      const { content, gone } = await source(name);
      await copy(name, content, { required_bytes: mib(16) });
      const plain = `plain ${what}`;
      await makeVolume(controller, plain, 8);
      await gone();
      for (const range of [{ required_bytes: mib(32) }, { limit_bytes: mib(12) }]) {
        await expectFailure(copy(name, content, range), "ALREADY_EXISTS");
      }
      const another = await failureOf(copy(plain, content));
      expect(another.code, "another volume's name").to.be.oneOf(["ALREADY_EXISTS", "NOT_FOUND"]);
    });
  }
});
