import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect } from "chai";
import { parse, stringify } from "yaml";
import { controllerCommand } from "../../src/commands/controller.ts";
import { nodeCommand } from "../../src/commands/node.ts";
import { chartValuesPage } from "../../scripts/generate/chart-values.ts";
import { isStale, pages, writePage } from "../../scripts/generate/pages.ts";
import { selfMadeCertificate } from "../../src/agent/tls/self-made.ts";
import { readAddress, readAgentsFile } from "../../src/controller/agents-file.ts";
import { startupTaintKey } from "../../src/controller/kubernetes/taint/startup-taint.ts";
import { version } from "../../src/kit/version.ts";
import { chart, type Manifest, manifestsOf, needsHelm, renderChart, runHelm } from "./helm.ts";

const here = import.meta.dirname;
const minimal = join(here, "values/minimal.yaml");

interface Probe {
  readonly httpGet: { readonly host?: string };
}

interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly image: string;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly volumeMounts?: readonly { readonly mountPath: string }[];
}

interface Pod {
  readonly containers: readonly Container[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations?: readonly object[];
  readonly hostNetwork?: boolean;
  readonly volumes?: readonly unknown[];
}

/** @param named when there are several of its kind */
function podOf(manifests: readonly Manifest[], kind: string, named?: string): Pod {
  const { spec } = manifests.find(
    ({ kind: own, metadata }) => own === kind && (named === undefined || metadata.name === named),
  ) as unknown as { spec: { template: { spec: Pod } } };
  return spec.template.spec;
}

describe("the Helm chart", function () {
  this.timeout(600_000);
  let scratch: string;

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), "hyperv-csi-test-"));
  });
  before(needsHelm);

  after(() => rm(scratch, { recursive: true, force: true }));

  async function values(content: object): Promise<string> {
    const file = join(scratch, "values.yaml");
    await writeFile(file, stringify(content));
    return file;
  }

  it("passes Helm's own lint, as strict as it gets", async () => {
    const { exitCode, stdout, stderr } = await runHelm(["lint", "--strict", "--values", minimal, chart]);
    expect(exitCode, stdout + stderr).to.equal(0);
  });

  it("is of the project's version", async () => {
    const { version: own, appVersion } = parse(await readFile(join(chart, "Chart.yaml"), "utf8")) as Record<
      string,
      string
    >;
    expect([own, appVersion]).to.deep.equal([version, version]);
  });

  // UPDATE_RENDERS=1 writes them anew; the difference is to be read like code.
  it("renders what is kept in test/chart/renders", async () => {
    for (const file of await readdir(join(here, "values"))) {
      const rendered = await renderChart("--values", join(here, "values", file));
      manifestsOf(rendered);
      const kept = join(here, "renders", file);
      if (process.env["UPDATE_RENDERS"]) await writeFile(kept, rendered);
      expect(rendered, basename(file)).to.equal(await readFile(kept, "utf8"));
    }
  });

  it("renders the manifests in deploy/kubernetes", async () => {
    const directory = join(here, "../../deploy/kubernetes");
    const rendered = await renderChart("--skip-tests", "--values", join(directory, "values.yaml"));
    const kept = join(directory, "driver.yaml");
    if (process.env["UPDATE_RENDERS"]) await writeFile(kept, rendered);
    expect(rendered).to.equal(await readFile(kept, "utf8"));
    const agents = await readAgentsFile(join(directory, "agents.yaml"));
    expect(agents.map(({ group }) => group)).to.deep.equal(["default"]);
  });

  it("has each of its values in docs/reference/chart-values.md", async () => {
    const page = pages.find(({ make }) => make === chartValuesPage)!;
    if (process.env["UPDATE_RENDERS"]) await writePage(page);
    expect(await isStale(page)).to.equal(false);
  });

  /** What the controller reads of the Secret in a rendered chart. */
  async function agentsOf(rendered: string) {
    const secret = manifestsOf(rendered).find(({ kind }) => kind === "Secret");
    for (const [name, text] of Object.entries(secret?.["stringData"] as Record<string, string>)) {
      await writeFile(join(scratch, name), text);
    }
    return readAgentsFile(join(scratch, "agents.yaml"));
  }

  it("needs no more than an agent's URL and key", async () => {
    const rendered = await renderChart(
      ...["--set", "agents[0].url=https://host.example:9810", "--set", "agents[0].key=0123456789abcdef"],
    );
    const [agent, ...others] = await agentsOf(rendered);
    expect(others).to.deep.equal([]);
    expect(agent).to.include({ group: "default", url: "https://host.example:9810" });
    if (agent) expect((await readAddress(agent)).apiKey).to.equal("0123456789abcdef");
  });

  it("takes agents that the controller takes", async () => {
    const { certFile } = await selfMadeCertificate(join(scratch, "tls"));
    const cert = await readFile(certFile, "utf8");
    const file = await values({
      agents: [
        { group: "a", url: "http://[::1]:9810/", key: "\n !#$%&~{}0123456789 \n", ca: cert },
        { group: "b", url: "https://B_b.example", key: "0123456789abcdef\n", ca: "" },
      ],
    });
    const entries = await agentsOf(await renderChart("--values", file));
    const addresses = await Promise.all(entries.map(readAddress));
    expect(addresses.map(({ url, apiKey }) => [url, apiKey])).to.deep.equal([
      ["http://[::1]:9810", "!#$%&~{}0123456789"],
      ["https://B_b.example", "0123456789abcdef"],
    ]);
    expect(addresses.map(({ ca }) => ca?.trim())).to.deep.equal([cert.trim(), undefined]);
  });

  it("gives controller and node options that they have", async () => {
    for (const file of await readdir(join(here, "values"))) {
      const manifests = manifestsOf(await renderChart("--values", join(here, "values", file)));
      for (const { kind, metadata } of manifests.filter((each) =>
        /^(Deployment|DaemonSet)$/.test(each.kind),
      )) {
        const command = kind === "Deployment" ? controllerCommand() : nodeCommand();
        const own = podOf(manifests, kind, metadata.name).containers.find(
          ({ name }) => name === "hyperv-csi",
        );
        const [role, ...args] = own?.args ?? [];
        expect(role).to.equal(command.name());
        // Parses as at a start, with every option's own check, and does not start.
        let started = false;
        await command
          .exitOverride()
          .action(() => {
            started = true;
          })
          .parseAsync(args, { from: "user" });
        expect(started).to.equal(true);
      }
    }
  });

  it("shows the node plugin how the VM uses SELinux where Kubernetes mounts by label, and only there", async () => {
    for (const seLinuxMount of [true, false]) {
      const file = await values({ csiDriver: { seLinuxMount } });
      const manifests = manifestsOf(await renderChart("--values", minimal, "--values", file));
      const driver = manifests.find(({ kind }) => kind === "CSIDriver") as unknown as {
        spec: { seLinuxMount: boolean };
      };
      expect(driver.spec.seLinuxMount).to.equal(seLinuxMount);
      const own = podOf(manifests, "DaemonSet").containers.find(({ name }) => name === "hyperv-csi");
      const places = own?.volumeMounts?.map(({ mountPath }) => mountPath) ?? [];
      expect(places).to.include("/sys");
      expect(places.includes("/etc/selinux")).to.equal(seLinuxMount);
    }
  });

  it("runs the controller's pod as nobody, without any right, and the node's without a token", async () => {
    const manifests = manifestsOf(await renderChart("--values", minimal));
    const pod = podOf(manifests, "Deployment");
    expect(pod.securityContext).to.deep.include({
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    for (const { name, securityContext } of pod.containers) {
      expect(securityContext, name).to.deep.equal({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    }
    const accounts = manifests.filter(({ kind }) => kind === "ServiceAccount");
    const tokens = accounts.map(({ metadata, ...rest }) => [
      metadata.name,
      rest["automountServiceAccountToken"],
    ]);
    expect(tokens).to.deep.equal([
      ["csi-driver-hyperv-controller", true],
      ["csi-driver-hyperv-node", false],
    ]);
  });

  it("serves Windows nodes when it is told to, as processes of the VM's own", async () => {
    const daemonSets = async (enabled: boolean) => {
      const file = await values({ node: { windows: { enabled } } });
      const manifests = manifestsOf(await renderChart("--values", minimal, "--values", file));
      return { manifests, sets: manifests.filter(({ kind }) => kind === "DaemonSet") };
    };
    expect((await daemonSets(false)).sets).to.have.length(1);
    const { manifests, sets } = await daemonSets(true);
    const selectors = sets.map(({ spec }) =>
      JSON.stringify((spec as { selector: { matchLabels: object } }).selector.matchLabels),
    );
    expect(new Set(selectors).size).to.equal(2);
    const linux = podOf(manifests, "DaemonSet", "csi-driver-hyperv-node");
    const windows = podOf(manifests, "DaemonSet", "csi-driver-hyperv-node-windows");
    expect(linux.nodeSelector).to.deep.equal({ "kubernetes.io/os": "linux" });
    expect(windows.nodeSelector).to.deep.equal({ "kubernetes.io/os": "windows" });
    // The API server refuses a Windows pod with anything that only Linux has.
    expect(windows.securityContext).to.deep.equal({
      windowsOptions: { hostProcess: true, runAsUserName: "NT AUTHORITY\\SYSTEM" },
    });
    expect(windows).to.include({ hostNetwork: true });
    expect(windows.volumes).to.equal(undefined);
    expect(windows.containers.map(({ name }) => name)).to.deep.equal(["hyperv-csi"]);
    expect(windows.containers[0]?.securityContext).to.equal(undefined);
    expect(windows.containers[0]?.args).to.include(
      "--endpoint=unix://C:\\var\\lib\\kubelet\\plugins\\hyperv.csi.dev\\csi.sock",
    );
  });

  it("names no file system for classes that name none where nodes of both systems are served", async () => {
    const namers = async (enabled: boolean, fsGroupPolicy: string) => {
      const file = await values({ node: { windows: { enabled } }, csiDriver: { fsGroupPolicy } });
      const manifests = manifestsOf(await renderChart("--values", minimal, "--values", file));
      return podOf(manifests, "Deployment")
        .containers.filter(({ args }) => args.some((each) => each.startsWith("--default-fstype=")))
        .map(({ name, args }) => [name, args.includes("--default-fstype=ext4")]);
    };
    const both = [
      ["provisioner", true],
      ["attacher", true],
    ];
    expect(await namers(false, "File")).to.deep.equal(both);
    expect(await namers(true, "File")).to.deep.equal([]);
    expect(await namers(true, "None")).to.deep.equal([]);
    // Kubelet leaves fsGroup out, and says nothing, where a volume has no type.
    expect(await namers(true, "ReadWriteOnceWithFSType")).to.deep.equal(both);
  });

  it("is asked by its probes where it listens, and listens on IPv4 and IPv6 if not told otherwise", async () => {
    const asked = async (httpHost?: string) => {
      const file = await values({ node: { httpHost, windows: { enabled: true } } });
      const manifests = manifestsOf(await renderChart("--values", minimal, "--values", file));
      return [
        podOf(manifests, "Deployment"),
        podOf(manifests, "DaemonSet", "csi-driver-hyperv-node"),
        podOf(manifests, "DaemonSet", "csi-driver-hyperv-node-windows"),
      ].map(({ containers: [container] }) => {
        const probes = [container?.startupProbe, container?.livenessProbe, container?.readinessProbe];
        return [
          container?.args.find((each) => each.startsWith("--http-endpoint=")),
          ...new Set(probes.map((probe) => probe?.httpGet.host)),
        ];
      });
    };
    const everywhere = ["--http-endpoint=:9809", undefined];
    expect(await asked()).to.deep.equal([["--http-endpoint=:9808", undefined], everywhere, everywhere]);
    for (const [host, asks] of [
      ["0.0.0.0", undefined],
      ["::", undefined],
      ["[::]", undefined],
      ["$(HOST_IP)", undefined],
      ["127.0.0.1", "127.0.0.1"],
      ["::1", "::1"],
      ["[::1]", "::1"],
    ] as const) {
      const node = [`--http-endpoint=${host}:9809`, asks];
      expect(await asked(host)).to.deep.equal([["--http-endpoint=:9808", undefined], node, node]);
    }
  });

  it("frees a node's port before another pod wants it where the controller uses the nodes' network", async () => {
    const strategy = async (hostNetwork: boolean) => {
      const file = await values({ controller: { hostNetwork } });
      const manifests = manifestsOf(await renderChart("--values", minimal, "--values", file));
      const { spec } = manifests.find(({ kind }) => kind === "Deployment") as unknown as {
        spec: { strategy?: object };
      };
      return spec.strategy;
    };
    expect(await strategy(true)).to.deep.equal({
      type: "RollingUpdate",
      rollingUpdate: { maxSurge: 0, maxUnavailable: 1 },
    });
    expect(await strategy(false)).to.equal(undefined);
  });

  it("runs where every node has the start-up taint, which only its own pods remove", async () => {
    const driverName = "disks.example";
    const tolerations = async (enabled: boolean, own?: readonly object[]) => {
      const content = { tolerations: own };
      const file = await values({
        driverName,
        controller: { ...content, kubernetes: { enabled } },
        node: { ...content, windows: { ...content, enabled: true } },
      });
      const manifests = manifestsOf(await renderChart("--values", minimal, "--values", file));
      return [
        podOf(manifests, "Deployment"),
        podOf(manifests, "DaemonSet", "csi-driver-hyperv-node"),
        podOf(manifests, "DaemonSet", "csi-driver-hyperv-node-windows"),
      ].map((pod) => pod.tolerations);
    };
    const startup = { key: startupTaintKey(driverName), operator: "Exists" };
    const [controller, ...nodes] = await tolerations(true);
    expect(controller).to.have.length(3).and.to.deep.include(startup);
    for (const each of nodes) expect(each).to.deep.equal([{ operator: "Exists" }]);
    const other = { key: "a", operator: "Exists", effect: "NoSchedule" };
    const all = { operator: "Exists" };
    for (const [own, whole] of [
      [[], [startup]],
      [[other], [other, startup]],
      [[{ ...all, effect: "NoExecute" }], [{ ...all, effect: "NoExecute" }, startup]],
      [
        [all, other],
        [all, other],
      ],
    ] as const) {
      expect(await tolerations(true, own)).to.deep.equal([whole, whole, whole]);
      expect(await tolerations(false, own)).to.deep.equal([own, own, own]);
    }
  });

  it("lets nobody read Secrets", async () => {
    for (const file of await readdir(join(here, "values"))) {
      const manifests = manifestsOf(await renderChart("--values", join(here, "values", file)));
      const roles = manifests.filter(({ kind }) => kind === "ClusterRole" || kind === "Role");
      expect(roles).not.to.deep.equal([]);
      for (const { metadata, rules } of roles as (Manifest & { rules: { resources: string[] }[] })[]) {
        for (const { resources } of rules) expect(resources, metadata.name).not.to.include("secrets");
        for (const { resources } of rules) expect(resources, metadata.name).not.to.include("*");
      }
    }
  });

  it("refuses values that can't be meant, naming them", async () => {
    const agents = [{ url: "https://a.example:9810", key: "0123456789abcdef" }];
    for (const [content, message] of [
      [{}, /agents .* or existingAgentsSecret is needed/],
      [
        { agents: [...agents, { ...agents[0], url: "https://b.example:9810" }] },
        /agents\[0\]\.group is needed/,
      ],
      ...["a.example", "https://", "https://a/b", "https://a?b", "https://a#b", "https://me@a"].map(
        (url) => [{ agents: [{ url, key: "0123456789abcdef" }] }, /agents\W+0\W+url\b/] as const,
      ),
      ...["short", "0123456789abcde ", "0123456789 abcdef", "0123456789abcdef\n0", "0123456789abcdéf"].map(
        (key) => [{ agents: [{ url: "https://a.example", key }] }, /agents\W+0\W+key\b/] as const,
      ),
      ...["rack-1.pem", "-----BEGIN PRIVATE KEY-----"].map(
        (ca) => [{ agents: [{ ...agents[0], ca }] }, /agents\W+0\W+ca\b/] as const,
      ),
      [
        {
          agents: [
            { ...agents[0], group: "a" },
            { url: "https://b.example", key: agents[0]?.key, group: "a" },
          ],
        },
        /agents\[1\]\.group a is that of another agent/,
      ],
      [
        {
          agents: [
            { ...agents[0], group: "a" },
            { url: `${agents[0]?.url}/`, key: agents[0]?.key, group: "b" },
          ],
        },
        /agents\[1\]\.url https:\/\/a\.example:9810 is that of another agent/,
      ],
      [{ agents, logLevel: "loud" }, /logLevel/],
      [{ agents, contoller: {} }, /contoller/],
      [{ agents, kubeletDir: "var/lib/kubelet" }, /kubeletDir/],
      [{ agents, node: { windows: { kubeletDir: "/var/lib/kubelet" } } }, /kubeletDir/],
      [{ agents, storageClasses: [{ name: "a", reclaimPolicy: "Keep" }] }, /reclaimPolicy/],
      [{ agents, sidecars: { attacher: { timeout: 60 } } }, /timeout/],
      [{ agents, serviceAccount: { create: false } }, /serviceAccount\.\w+ is needed/],
      [
        { agents, controller: { kubernetes: { enabled: false }, fencing: { enabled: true } } },
        /controller\.fencing\.enabled needs controller\.kubernetes\.enabled/,
      ],
      ...["0s", "59s", "59.9s", "0.9m", "0.01h", "1d"].map(
        (after) => [{ agents, controller: { fencing: { enabled: true, after } } }, /after/] as const,
      ),
      ...["0", "0ms", "0s", "00h", "1.5h"].map(
        (serveLastKnown) => [{ agents, controller: { serveLastKnown } }, /serveLastKnown/] as const,
      ),
    ] as const) {
      const file = await values(content);
      const refused = await renderChart("--values", file).then(
        () => "nothing",
        (error: unknown) => (error as Error).message,
      );
      expect(refused, JSON.stringify(content)).to.match(message);
    }
  });

  it("takes times of the controller that can be meant", async () => {
    for (const [after, serveLastKnown] of [
      ["60s", "1ms"],
      ["100.5s", "10s"],
      ["1m", "05m"],
      ["1.5m", "1h"],
      ["0.5h", ""],
    ]) {
      const file = await values({ controller: { fencing: { enabled: true, after }, serveLastKnown } });
      const [container] = podOf(
        manifestsOf(await renderChart("--values", minimal, "--values", file)),
        "Deployment",
      ).containers;
      await controllerCommand()
        .exitOverride()
        .action(() => undefined)
        .parseAsync(container?.args.slice(1) ?? [], { from: "user" });
      expect(container?.args).to.include(`--fence-after=${after}`);
    }
  });
});
