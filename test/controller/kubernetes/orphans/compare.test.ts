import { randomUUID } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { compare } from "../../../../src/controller/kubernetes/orphans/compare.ts";
import type { Disk, Named } from "../../../../src/controller/kubernetes/orphans/orphan.ts";

const disk = (group: string, name: string, id: string = randomUUID()): Disk => ({ group, id, name });
const pv = (handle: string): Named => ({ name: `pv-${handle}`, handle });
const nothing = { volumes: [], snapshots: [] };

describe("disks and objects side by side", () => {
  it("have nothing alone when each names the other", () => {
    const [a, b, s] = [disk("rack-1", "a"), disk("rack-2", "b"), disk("rack-2", "s")];
    const hosts = { volumes: [a, b], snapshots: [s] };
    const volumes = [pv(`rack-1/${a.id}`), pv(`rack-2/${b.id.toUpperCase()}`)];
    expect(compare(hosts, { volumes, snapshots: [pv(`rack-2/${s.id}`)] })).to.deep.equal([]);
  });

  it("take a bare GUID for the disk of whatever group", () => {
    const a = disk("rack-2", "a");
    const hosts = { volumes: [a], snapshots: [] };
    expect(compare(hosts, { volumes: [pv(a.id.toUpperCase())], snapshots: [] })).to.deep.equal([]);
    const gone = pv(randomUUID());
    expect(compare(nothing, { volumes: [gone], snapshots: [] })).to.deep.equal([
      { kind: "pv-without-volume", group: "", ...gone },
    ]);
  });

  it("tell a disk that only another group's object names, and that object", () => {
    const a = disk("rack-1", "a");
    const other = pv(`rack-2/${a.id}`);
    const seen = compare({ volumes: [a], snapshots: [] }, { volumes: [other], snapshots: [] });
    expect(seen).to.deep.equal([
      { kind: "volume-without-pv", group: "rack-1", name: "a", handle: `rack-1/${a.id}` },
      { kind: "pv-without-volume", group: "rack-2", ...other },
    ]);
  });

  it("keep volumes and snapshots apart", () => {
    const [volume, snapshot] = [disk("g", "v"), disk("g", "s")];
    const seen = compare(
      { volumes: [volume], snapshots: [snapshot] },
      { volumes: [pv(`g/${snapshot.id}`)], snapshots: [pv(`g/${volume.id}`)] },
    );
    expect(seen.map(({ kind }) => kind)).to.deep.equal([
      "volume-without-pv",
      "pv-without-volume",
      "snapshot-without-content",
      "content-without-snapshot",
    ]);
  });

  it("tell nothing of snapshots in a cluster that knows none", () => {
    const seen = compare({ volumes: [], snapshots: [disk("g", "s")] }, { volumes: [], snapshots: undefined });
    expect(seen).to.deep.equal([]);
  });

  it("tell of a handle that is none that its volume is gone", () => {
    const seen = compare(nothing, { volumes: [pv("no handle")], snapshots: [] });
    expect(seen).to.deep.equal([{ kind: "pv-without-volume", group: "", ...pv("no handle") }]);
  });

  it("account for every disk and object once, whatever they are", () => {
    const ids = fc.constantFrom(...Array.from({ length: 6 }, () => randomUUID() as string));
    const groups = fc.constantFrom("g1", "g2");
    const disks = fc.uniqueArray(fc.record({ group: groups, id: ids }), {
      selector: ({ group, id }) => `${group}/${id}`,
    });
    const handles = fc.uniqueArray(
      fc.oneof(
        ids,
        fc.tuple(groups, ids).map(([group, id]) => `${group}/${id}`),
        fc.string(),
      ),
    );
    fc.assert(
      fc.property(disks, handles, (there, named) => {
        const hosts = { volumes: there.map(({ group, id }) => disk(group, id, id)), snapshots: [] };
        const seen = compare(hosts, { volumes: named.map(pv), snapshots: undefined });
        const alone = new Set(seen.map(({ kind, handle }) => `${kind} ${handle}`));
        for (const { group, id } of there) {
          const isNamed = named.includes(`${group}/${id}`) || named.includes(id);
          expect(alone.has(`volume-without-pv ${group}/${id}`)).to.equal(!isNamed);
        }
        for (const handle of named) {
          const isThere = there.some(({ group, id }) => handle === `${group}/${id}` || handle === id);
          expect(alone.has(`pv-without-volume ${handle}`)).to.equal(!isThere);
        }
        expect(alone.size).to.equal(seen.length);
      }),
    );
  });
});
