import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type ClientReadableStream, credentials, makeClientConstructor, status } from "@grpc/grpc-js";
import { expect } from "chai";
import { serviceDefinition } from "../../src/csi/descriptor.ts";
import type { GetMetadataDeltaResponse__Output } from "../../src/csi/generated/csi/v1/GetMetadataDeltaResponse.ts";
import type { SnapshotMetadataClient } from "../../src/csi/generated/csi/v1/SnapshotMetadata.ts";
import { makeVolume, testController } from "../support/controller.ts";
import { readDisk, writeDisk } from "../support/disk-content.ts";
import { Random } from "../support/random.ts";

type Part = GetMetadataDeltaResponse__Output;
const UNKNOWN = "local/11111111-2222-4333-8444-555555555555";
const MiB = 2 ** 20;
const SIZE = 32 * MiB;
const SECTOR = 512;

describe("controller snapshot metadata", () => {
  const controller = testController();
  let client: SnapshotMetadataClient;
  let first: string;
  let second: string;
  let disks: Record<string, string>;

  before(async () => {
    const Client = makeClientConstructor(serviceDefinition("SnapshotMetadata"), "SnapshotMetadata");
    client = new Client(
      `unix://${controller.socket}`,
      credentials.createInsecure(),
    ) as unknown as SnapshotMetadataClient;
    const volume_id = await makeVolume(controller, "v", SIZE / MiB);
    const pool = join(controller.directory, "pools/local");
    const [file = ""] = (await readdir(pool)).filter((name) => name.startsWith("v;"));
    const random = new Random(7);
    const scribble = async () => {
      for (let count = 0; count < 20; count++) {
        const bytes = Buffer.alloc(SECTOR * (1 + random.below(40)), 1 + random.below(255));
        await writeDisk(
          join(pool, file),
          BigInt(random.below((SIZE - bytes.length) / SECTOR) * SECTOR),
          bytes,
        );
      }
    };
    const cut = async (name: string) =>
      (await controller.call.CreateSnapshot({ name, source_volume_id: volume_id })).snapshot!.snapshot_id;
    await scribble();
    first = await cut("first");
    await scribble();
    second = await cut("second");
    const snapshots = join(pool, ".snapshots");
    disks = Object.fromEntries(
      (await readdir(snapshots))
        .filter((name) => name.endsWith(".vhdx"))
        .map((name) => [`local/${name.split(";")[1]!.slice(0, 36)}`, join(snapshots, name)]),
    );
  });
  after(() => {
    client.close();
  });

  async function all(stream: ClientReadableStream<Part>): Promise<Part[]> {
    const parts: Part[] = [];
    for await (const part of stream) parts.push(part as Part);
    return parts;
  }

  const rangesOf = (parts: readonly Part[]) =>
    parts.flatMap(({ block_metadata }) =>
      block_metadata.map(({ byte_offset, size_bytes }) => ({
        offset: Number(byte_offset),
        length: Number(size_bytes),
      })),
    );

  /** Every sector that a list of ranges is silent about must be `same` in both. */
  function expectSilence(
    ranges: readonly { offset: number; length: number }[],
    one: Buffer,
    other: Buffer,
  ): void {
    let at = 0;
    for (const { offset, length } of [...ranges, { offset: SIZE, length: 0 }]) {
      expect(offset, "in ascending order").to.be.at.least(at);
      expect(one.subarray(at, offset).equals(other.subarray(at, offset)), `${at} to ${offset}`).to.equal(
        true,
      );
      at = offset + length;
    }
  }

  it("tells what differs, exactly as a comparison of every byte does, in parts of any size", async () => {
    const [old, young] = await Promise.all([first, second].map((id) => readDisk(disks[id]!, 0n, SIZE)));
    const delta = (max_results: number, starting_offset = 0) =>
      all(
        client.GetMetadataDelta({
          base_snapshot_id: first,
          target_snapshot_id: second,
          max_results,
          starting_offset,
        }),
      );
    const whole = rangesOf(await delta(0));
    expect(whole.length).to.be.above(3);
    expectSilence(whole, old!, young!);
    for (const { offset, length } of whole) {
      expect(
        old!.subarray(offset, offset + length).equals(young!.subarray(offset, offset + length)),
      ).to.equal(false);
    }
    for (const most of [1, 2, 7]) {
      const parts = await delta(most);
      expect(rangesOf(parts)).to.deep.equal(whole);
      for (const { block_metadata, volume_capacity_bytes, block_metadata_type } of parts) {
        expect(block_metadata.length).to.be.at.most(most);
        expect([volume_capacity_bytes, block_metadata_type]).to.deep.equal([String(SIZE), "VARIABLE_LENGTH"]);
      }
    }
    const middle = whole[Math.floor(whole.length / 2)]!;
    expect(rangesOf(await delta(0, middle.offset)), "a broken stream goes on").to.deep.equal(
      whole.filter(({ offset }) => offset >= middle.offset),
    );
  });

  it("tells what holds data: what it is silent about is zero", async () => {
    const content = await readDisk(disks[second]!, 0n, SIZE);
    const ranges = rangesOf(await all(client.GetMetadataAllocated({ snapshot_id: second })));
    expect(ranges.length).to.be.above(0);
    expectSilence(ranges, content, Buffer.alloc(SIZE));
  });

  async function codeOf(stream: ClientReadableStream<Part>): Promise<string | undefined> {
    return await all(stream).then(
      () => "OK",
      (error: unknown) => status[(error as { code: number }).code],
    );
  }

  it("refuses what it can't answer", async () => {
    for (const [request, code] of [
      [{}, "INVALID_ARGUMENT"],
      [{ base_snapshot_id: first }, "INVALID_ARGUMENT"],
      [{ base_snapshot_id: first, target_snapshot_id: UNKNOWN }, "NOT_FOUND"],
      [{ base_snapshot_id: "no handle", target_snapshot_id: second }, "NOT_FOUND"],
      [{ base_snapshot_id: first, target_snapshot_id: second, starting_offset: -1 }, "INVALID_ARGUMENT"],
      [{ base_snapshot_id: first, target_snapshot_id: second, starting_offset: SIZE }, "OUT_OF_RANGE"],
      [{ base_snapshot_id: first, target_snapshot_id: second, max_results: -1 }, "INVALID_ARGUMENT"],
    ] as const) {
      expect(await codeOf(client.GetMetadataDelta(request)), JSON.stringify(request)).to.equal(code);
    }
    expect(await codeOf(client.GetMetadataAllocated({ snapshot_id: "" }))).to.equal("INVALID_ARGUMENT");
    const other = await makeVolume(controller, "other");
    const foreign = (await controller.call.CreateSnapshot({ name: "o", source_volume_id: other })).snapshot!
      .snapshot_id;
    expect(
      await codeOf(client.GetMetadataDelta({ base_snapshot_id: foreign, target_snapshot_id: second })),
      "of another lineage",
    ).to.equal("INVALID_ARGUMENT");
  });

  it("stops when its caller hangs up", async () => {
    const stream = client.GetMetadataDelta({
      base_snapshot_id: first,
      target_snapshot_id: second,
      max_results: 1,
    });
    await new Promise((resolve) => stream.once("data", resolve));
    stream.cancel();
    const code = await new Promise((resolve) =>
      stream.once("error", (error) => {
        resolve(status[(error as unknown as { code: number }).code]);
      }),
    );
    expect(code).to.equal("CANCELLED");
  });
});
