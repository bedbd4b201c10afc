import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { controllerCommand } from "../../../src/commands/controller.ts";
import {
  type KubernetesOptions,
  readKubernetesOptions,
} from "../../../src/commands/controller/kubernetes-options.ts";
import { rejection, thrownBy } from "../../support/failure.ts";

const needed = ["--endpoint", "unix:///x", "--agents", "x"];

async function parse(...args: string[]): Promise<KubernetesOptions> {
  const command = controllerCommand()
    .exitOverride()
    .action(() => undefined);
  await command.parseAsync([...needed, ...args], { from: "user" });
  return command.opts<KubernetesOptions & Record<string, unknown>>();
}

describe("the controller's options for Kubernetes", () => {
  it("leave the API server alone outside of a cluster, unless a kubeconfig is given", async () => {
    expect(readKubernetesOptions(await parse())).to.equal(undefined);
    expect(readKubernetesOptions(await parse("--kubeconfig", "x", "--kubernetes", "off"))).to.equal(
      undefined,
    );
    expect(readKubernetesOptions(await parse("--kubeconfig", "x"))).to.deep.equal({
      kubeconfig: "x",
      leaderElection: true,
      leaseNamespace: undefined,
      leaseTimes: { lease: 15_000, renew: 10_000, retry: 2000 },
      fenceAfter: undefined,
    });
    const given = await parse("--kubernetes=on");
    expect(thrownBy(() => readKubernetesOptions(given)).message).to.match(/give a --kubeconfig/);
  });

  it("fence nodes only when they are to, and after a minute at least", async () => {
    const fenced = readKubernetesOptions(await parse("--kubeconfig", "x", "--fence-nodes"));
    expect(fenced).to.include({ fenceAfter: 180_000 });
    const later = await parse("--kubeconfig", "x", "--fence-nodes", "--fence-after", "10m");
    expect(readKubernetesOptions(later)).to.include({ fenceAfter: 600_000 });
    const alone = await parse("--fence-nodes");
    expect(thrownBy(() => readKubernetesOptions(alone)).message).to.match(
      /--fence-nodes needs the API server/,
    );
    const refused = (await rejection(parse("--fence-after", "59s"))) as Error;
    expect(refused.message).to.match(/--fence-after 59s is not a time of 60 s or more/);
  });

  it("take times that fit each other", async () => {
    const election = (name: string, value: string) => [`--leader-election-${name}`, value];
    const times = [
      ...election("lease-duration", "1m"),
      ...election("renew-deadline", "40s"),
      ...election("retry-period", "5s"),
      ...election("namespace", "storage"),
      "--no-leader-election",
    ];
    expect(readKubernetesOptions(await parse("--kubeconfig", "x", ...times))).to.include({
      leaderElection: false,
      leaseNamespace: "storage",
    });
    for (const args of [
      election("lease-duration", "10s"),
      election("renew-deadline", "15s"),
      election("retry-period", "9s"),
    ]) {
      const given = await parse("--kubeconfig", "x", ...args);
      expect(thrownBy(() => readKubernetesOptions(given)).message, args.join(" ")).to.match(/must be more/);
    }
    for (const wrong of ["-5s", "soon", "10ms"]) {
      const refused = (await rejection(parse(...election("lease-duration", wrong)))) as Error;
      expect(refused.message, wrong).to.match(/--leader-election-lease-duration .* is not a time/);
    }
  });

  it("are on the page of the controller's configuration, as all its options", async () => {
    const page = await readFile(
      new URL("../../../docs/reference/controller-configuration.md", import.meta.url),
      "utf8",
    );
    for (const { long } of controllerCommand().options) expect(page).to.contain(`\`${long ?? ""}`);
  });
});
