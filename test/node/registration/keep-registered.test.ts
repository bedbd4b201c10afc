import { access, readdir, rm } from "node:fs/promises";
import { expect } from "chai";
import { csiClient, type CsiClient } from "../../../src/csi/client.ts";
import type { RegistrationRpcs } from "../../../src/csi/rpc.ts";
import { StatusError } from "../../../src/kit/errors.ts";
import { createMetrics } from "../../../src/kit/metrics.ts";
import { kubeletRegistration } from "../../../src/node/registration/keep-registered.ts";
import { kubeletPlugin } from "../../../src/node/registration/kubelet-plugin.ts";
import { expectFailure } from "../../support/failure.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { until } from "../../support/until.ts";

describe("registration with kubelet", () => {
  const path = temporaryDirectory();
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** A registration that is kept up; `info` is what NodeGetInfo does. */
  function registration(info: () => Promise<unknown> = () => Promise.resolve({})) {
    const plugin = kubeletPlugin("test.driver", path("registry"), path("csi.sock"));
    const stop = new AbortController();
    const metrics = createMetrics();
    const { log, lines } = recordedLog();
    const { keep, whyNot } = kubeletRegistration(plugin, info, metrics, log);
    const kept = keep(stop.signal);
    kept.catch(() => undefined);
    const end = async () => {
      stop.abort();
      await kept.catch(() => undefined);
    };
    ends.push(end);
    const isShown = () =>
      access(plugin.socket).then(
        () => true,
        () => false,
      );
    return {
      plugin,
      kept,
      end,
      whyNot,
      isShown,
      lines,
      metric: () => metrics.registry.getSingleMetricAsString("hyperv_csi_node_registered"),
      kubelet: async (): Promise<CsiClient<RegistrationRpcs>> => {
        await until(isShown, "the registration socket");
        const client = csiClient<RegistrationRpcs>("Registration", plugin.socket);
        ends.push(() => {
          client.close();
          return Promise.resolve();
        });
        return client;
      },
    };
  }

  it("tells who is there, and knows when kubelet has taken it", async () => {
    const { plugin, kubelet, whyNot, metric } = registration();
    const { call } = await kubelet();
    expect(await call.GetInfo({})).to.deep.equal(plugin.info);
    expect(whyNot()).to.match(/not registered this driver yet/);
    expect(await metric()).to.match(/hyperv_csi_node_registered 0$/m);
    await call.NotifyRegistrationStatus({ plugin_registered: true, error: "" });
    expect(whyNot()).to.equal(undefined);
    expect(await metric()).to.match(/hyperv_csi_node_registered 1$/m);
  });

  it("ends with kubelet's reason when it is refused, after answering, and takes the socket away", async () => {
    const { kubelet, kept, isShown, whyNot } = registration();
    const { call } = await kubelet();
    await call.NotifyRegistrationStatus({ plugin_registered: false, error: "NodeGetInfo failed" });
    await expectFailure(kept, "FAILED_PRECONDITION", /kubelet refused .*test\.driver: NodeGetInfo failed/);
    expect(whyNot()).to.match(/refused/);
    expect(await isShown()).to.equal(false);
  });

  it("ends with a refusal that says nothing, too", async () => {
    const { kubelet, kept } = registration();
    await (await kubelet()).call.NotifyRegistrationStatus({});
    await expectFailure(kept, "FAILED_PRECONDITION", /gave no reason/);
  });

  it("shows no socket before the node can tell what it is, and says so once", async () => {
    let known = false;
    let asked = 0;
    const { isShown, whyNot, lines, kubelet } = registration(() => {
      asked++;
      if (known) return Promise.resolve({});
      return Promise.reject(new StatusError("UNAVAILABLE", "the VM's id is not known yet"));
    });
    await until(() => asked >= 3, "some looks");
    expect(await isShown()).to.equal(false);
    expect(whyNot()).to.match(/can't tell kubelet what it is: the VM's id is not known yet/);
    expect(lines().filter(({ msg }) => String(msg).includes("not known yet"))).to.have.lengthOf(1);
    known = true;
    await (await kubelet()).call.NotifyRegistrationStatus({ plugin_registered: true });
    expect(whyNot()).to.equal(undefined);
  });

  it("makes the socket again when it is gone, with its directory, and waits for kubelet anew", async () => {
    const { kubelet, isShown, whyNot, plugin } = registration();
    await (await kubelet()).call.NotifyRegistrationStatus({ plugin_registered: true });
    await rm(plugin.socket);
    await until(isShown, "the socket again");
    expect(whyNot()).to.match(/not registered this driver yet/);
    await (await kubelet()).call.NotifyRegistrationStatus({ plugin_registered: true });
    await rm(path("registry"), { recursive: true });
    await until(isShown, "the directory again");
    const { call } = await kubelet();
    expect(await call.GetInfo({})).to.deep.equal(plugin.info);
  });

  it("is not undone by a kubelet that starts again and asks once more", async () => {
    const { kubelet, whyNot } = registration();
    const { call } = await kubelet();
    for (let start = 0; start < 3; start++) {
      await call.GetInfo({});
      await call.NotifyRegistrationStatus({ plugin_registered: true });
      expect(whyNot()).to.equal(undefined);
    }
  });

  it("leaves nothing in kubelet's directory when it is told to stop, known or not", async () => {
    const { kubelet, end } = registration();
    await kubelet();
    await end();
    expect(await readdir(path("registry"))).to.deep.equal([]);
    const unknown = registration(() => Promise.reject(new Error("never")));
    await unknown.end();
    expect(await readdir(path("registry"))).to.deep.equal([]);
  });

  it("refuses to take the place of another driver of its name that serves", async () => {
    const { kubelet } = registration();
    await kubelet();
    await expectFailure(registration().kept, "FAILED_PRECONDITION", /another process serves/);
  });
});
