import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { expect } from "chai";
import type { Attachment } from "../../../../src/agent/hosts/host.ts";
import { findUser } from "../../../../src/kit/device-users.ts";
import { run } from "../../../../src/kit/run.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { loopAt, readBytes, writeBytes } from "../../../support/device-bytes.ts";
import { newVolume } from "../../../support/engine-rig.ts";
import { context, localRig } from "../../../support/local-rig.ts";
import { startProcess } from "../../../support/own-processes.ts";
import { refused } from "../../../support/refused.ts";

describe("local host, a device in use", () => {
  const rig = localRig();

  async function attached(): Promise<{ attachment: Attachment; device: string; place: string }> {
    const range = { required: 16n * MiB, limit: undefined };
    const { id } = await rig.engine.createVolume(newVolume(randomUUID(), range), context());
    const attachment = await rig.engine.attach(rig.vms[0].id, id, false, undefined, context());
    const place = rig.path(`place-${id}`);
    await mkdir(place);
    return { attachment, device: loopAt(attachment.address).device, place };
  }

  /** The refusal must have changed nothing, and the detach must work once nobody uses the device. */
  async function refusedUntil(attachment: Attachment, user: RegExp, letGo: () => Promise<unknown>) {
    const { device } = loopAt(attachment.address);
    const mark = Buffer.alloc(512, 0xab);
    await refused(rig.host.detach(attachment, context().signal), "FAILED_PRECONDITION", user);
    expect(loopAt(attachment.address).device).to.equal(device);
    await writeBytes(device, 15 * 1024 * 1024, mark);
    expect((await readBytes(device, 15 * 1024 * 1024, 512)).equals(mark)).to.equal(true);
    await letGo();
    await rig.host.detach(attachment, context().signal);
    expect(await rig.host.attachmentsOf(attachment.volumeId)).to.deep.equal([]);
  }

  it("is refused while it is mounted", async () => {
    const { attachment, device, place } = await attached();
    await run("mkfs.ext4", ["-q", device, "10m"]);
    await run("mount", [device, place]);
    await refusedUntil(attachment, new RegExp(`mounted on ${place}`), () => run("umount", [place]));
  });

  it("is refused while it is mounted in another mount namespace", async () => {
    const { attachment, device, place } = await attached();
    await run("mkfs.ext4", ["-q", device, "10m"]);
    const script = 'mount "$1" "$2" && echo mounted && exec sleep 600';
    const other = startProcess("unshare", ["--mount", "sh", "-c", script, "sh", device, place]);
    await other.says(/mounted/);
    await refusedUntil(attachment, /mounted elsewhere/, () => other.kill("SIGKILL"));
  });

  it("is refused while a process has it open, which the message names", async () => {
    const { attachment, device } = await attached();
    const holder = startProcess("sh", ["-c", 'exec 3<"$1"; echo held; exec sleep 600', "sh", device]);
    await holder.says(/held/);
    await refusedUntil(attachment, new RegExp(`process ${holder.pid} \\(sleep\\)`), () =>
      holder.kill("SIGKILL"),
    );
  });

  it("is claimed by no look while a process has it open, which may be about to format or mount it", async () => {
    const { attachment, device } = await attached();
    const holder = await open(device, "r");
    const look = { isOver: false };
    const detach = rig.host.detach(attachment, context().signal).finally(() => (look.isOver = true));
    const refusal = refused(detach, "FAILED_PRECONDITION", `process ${process.pid}`);
    while (!look.isOver) {
      const claim = await open(device, constants.O_RDONLY | constants.O_EXCL);
      await claim.close();
    }
    await refusal;
    await holder.close();
  });

  it("is let go once a program that only looked at it has closed it", async () => {
    const { attachment, device } = await attached();
    const look = startProcess("sh", ["-c", 'exec 3<"$1"; echo looking; sleep 0.2', "sh", device]);
    await look.says(/looking/);
    await rig.host.detach(attachment, context().signal);
    expect(await look.ended()).to.equal(0);
    expect(await rig.host.attachmentsOf(attachment.volumeId)).to.deep.equal([]);
  });

  it("is refused while a process has it open under another name", async () => {
    const { attachment, device, place } = await attached();
    await run("mknod", [`${place}/disk`, "b", "7", device.replace("/dev/loop", "")]);
    const holder = startProcess("sh", [
      "-c",
      'exec 3<"$1"; echo held; exec sleep 600',
      "sh",
      `${place}/disk`,
    ]);
    await holder.says(/held/);
    await refusedUntil(attachment, new RegExp(`process ${holder.pid}`), () => holder.kill("SIGKILL"));
  });

  it("is refused while this process itself has it open", async () => {
    const { attachment, device } = await attached();
    const file = await open(device, "r");
    await refusedUntil(attachment, new RegExp(`process ${process.pid}`), () => file.close());
  });

  it("is refused while another loop device lies over it", async () => {
    const { attachment, device } = await attached();
    const over = await run("losetup", ["--find", "--show", device]);
    await refusedUntil(attachment, new RegExp(`backing file of ${over}|claimed`), () =>
      run("losetup", ["--detach", over]),
    );
  });

  it("is refused while it is bound to a path as a raw block volume", async () => {
    const { attachment, device, place } = await attached();
    const target = `${place}/target`;
    await (await open(target, "w")).close();
    await run("mount", ["--bind", device, target]);
    await refusedUntil(attachment, new RegExp(`mounted on ${target}`), () => run("umount", [target]));
  });

  it("is found in a process whose other files come and go", async () => {
    const { attachment, device } = await attached();
    const churn = `
      const fs = require("node:fs");
      for (let i = 0; i < 40; i++) fs.openSync("/proc/self/status");
      fs.openSync(${JSON.stringify(device)});
      console.log("held");
      for (;;) {
        const files = Array.from({ length: 60 }, () => fs.openSync("/proc/self/status"));
        for (const file of files) fs.closeSync(file);
      }`;
    const holder = startProcess(process.execPath, ["--eval", churn]);
    await holder.says(/held/);
    const loop = loopAt(attachment.address);
    for (let attempt = 0; attempt < 30; attempt++) {
      expect((await findUser(loop))?.what).to.include(`process ${holder.pid}`);
    }
    await refusedUntil(attachment, new RegExp(`process ${holder.pid}`), () => holder.kill("SIGKILL"));
  });

  it("is not refused for another device's users", async () => {
    const [idle, busy] = [await attached(), await attached()];
    const file = await open(busy.device, "r");
    await rig.host.detach(idle.attachment, context().signal);
    await file.close();
  });
});
