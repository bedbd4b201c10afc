/** A reason why a test does not run, and what tells that it is the one. */
export interface Reason {
  readonly pattern: RegExp;
  readonly why: string;
}

/** Tests that are not started, by their names. */
export const leftOut: readonly Reason[] = [
  {
    pattern: /\[Feature:Windows\]/,
    why: "Needs Windows nodes.",
  },
  {
    pattern: /with any volume data source/,
    why: "Tests a data populator and a validator of Kubernetes, whose images are not at hand; a volume driver has no part in them.",
  },
  {
    pattern: /volume-modify-stress.*should modify volumes with a different/,
    why: "Makes claims and no pods, so that a class that waits for the first consumer binds none of them. The volume-modify tests change volumes that pods use.",
  },
];

/** What tests say when they skip themselves, and what stands behind it here. */
export const skippedThemselves: readonly Reason[] = [
  {
    pattern: /does not support volume type "?(CSIInlineVolume|InlineVolume|PreprovisionedPV)/,
    why: "The suite asks drivers outside Kubernetes for provisioned volumes alone, and this one has no inline volumes: a disk has its own life, which generic ephemeral volumes bind to a pod's.",
  },
  {
    pattern: /Driver supports dynamic provisioning, skipping (InlineVolume|PreprovisionedPV)/,
    why: "The same test runs on provisioned volumes.",
  },
  {
    pattern: /SSH|ssh key/i,
    why: "Restarts kubelet by SSH and systemd, which the nodes of this test do not have; test/e2e/scenarios/60-faults.ts kills kubelet under a volume instead.",
  },
  {
    pattern: /does not support group snapshots|volume group snapshot stress test options/,
    why: "The tests snapshot groups that pods use. The local host freezes the file systems that it sees, and the nodes of this test have mounts of their own; test/e2e/scenarios/32-groups.ts takes groups that no pod uses.",
  },
  { pattern: /doesn't support ext3/, why: "The driver makes ext4, xfs and btrfs." },
  {
    pattern: /does not support snapshots - skipping/,
    why: "The suite has no such test for this kind of volume.",
  },
  { pattern: /SELinuxMount/, why: "The machines of this test have no SELinux." },
  {
    pattern: /does not support snapshot metadata/,
    why: "Installs its verifier from the network while it runs. What the driver tells of changed blocks is tested in test/controller/snapshot-metadata.test.ts.",
  },
  {
    pattern: /doesn't support RWX|doesn't support ReadWriteMany/,
    why: "A disk belongs to one VM at a time.",
  },
  { pattern: /does not support ROX/, why: "A disk belongs to one VM at a time." },
  {
    pattern: /Not enough topologies/,
    why: "The cluster of this test has one group. Placement among several is tested in test/controller/placement.test.ts.",
  },
  {
    pattern: /doesn't specify performance test options/,
    why: "Measures time against figures of a driver's own choice; npm run bench does that.",
  },
  {
    pattern: /currently not supported for (performance tests|this test)/,
    why: "Measures time; npm run bench does that.",
  },
  {
    pattern: /Filesystem volume case should be covered by block volume case/,
    why: "The test runs on a raw block volume.",
  },
  { pattern: /skipping multiple PV mount test for block mode/, why: "The test runs on a file system." },
  { pattern: /Block volumes do not support mount options/, why: "A raw block volume is not mounted." },
  {
    pattern:
      /Test for Block volumes is not implemented|not valid for Block volume mode|does not support non-filesystem volume mode/,
    why: "The suite has no such test for raw block volumes.",
  },
  {
    pattern: /raw block volumes cannot be read-only/,
    why: "The suite has no such test for raw block volumes.",
  },
  {
    pattern: /(Suite|suite) "?[^"]*"? does not support/,
    why: "The suite has no such test for this kind of volume.",
  },
  {
    pattern: /is not ephemeral|is ephemeral/,
    why: "The test is for the other kind of volume, on which it runs.",
  },
  { pattern: /Skipping .* test for expansion/, why: "The suite has no such test for this kind of volume." },
  {
    pattern: /not compatible with a multi-topology|in separate topology segments/,
    why: "Ephemeral volumes bound at once could lie in another group than the pod's.",
  },
];

/** Tests that fail, by their names, and why. */
export const failing: readonly Reason[] = [];

/** The reason for a test, by its name or by what it said; undefined when nobody has given one. */
export function reasonOf(text: string, reasons: readonly Reason[]): string | undefined {
  return reasons.find(({ pattern }) => pattern.test(text))?.why;
}
