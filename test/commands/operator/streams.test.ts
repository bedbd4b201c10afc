import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { expect } from "chai";
import { execa } from "execa";
import { json } from "../../support/stub-server.ts";
import { until } from "../../support/until.ts";
import { startProgram } from "./program.ts";
import { listedVolume, stubAgent, urlOf, volume } from "./stub-agent.ts";

describe("operator's commands, streams and signals", () => {
  const rig = stubAgent();
  const { stub } = rig;
  const start = (...args: string[]) => startProgram(rig.bundle, rig.environment, args);

  it("end without a word when nobody reads them any more", async () => {
    for (const format of ["table", "json", "yaml"]) {
      const closed = Promise.withResolvers<undefined>();
      stub.answer = (request, response) => {
        // The answer comes when the reader is gone.
        void closed.promise.then(() => {
          json(200, { volumes: [listedVolume("a")], next_token: "" })(request, response);
        });
      };
      const running = start("volume", "list", "-o", format);
      running.stdout.destroy();
      await once(running.stdout, "close");
      closed.resolve(undefined);
      expect(await running, format).to.include({ exitCode: 141, stderr: "" });
    }
  });

  it("end quietly in a pipe to head", async () => {
    const volumes = Array.from({ length: 3000 }, (_, index) => listedVolume(`volume-${index}`));
    stub.answer = json(200, { volumes, next_token: "" });
    const command = `"${process.execPath}" "${rig.bundle}" volume list -o json | head -1`;
    const { stdout, stderr } = await execa("bash", ["-c", command], { env: rig.environment });
    expect({ stdout, stderr }).to.deep.equal({ stdout: "[", stderr: "" });
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`end at ${signal} with 130, and tell that the agent goes on`, async () => {
      stub.answer = (request, response) => {
        if (request.method === "GET") json(200, volume("a"))(request, response);
      };
      stub.seen.length = 0;
      const running = start("volume", "clone", "a", "b");
      await until(() => stub.seen.some((request) => request.startsWith("POST /volume/b")), "the request");
      running.kill(signal);
      const { exitCode, stdout, stderr } = await running;
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 130, stdout: "" });
      expect(stderr).to.equal(
        "the agent goes on with it; the same command joins it\nhyperv-csi volume: interrupted\n",
      );
      expect(stub.seen.filter((request) => request.startsWith("POST"))).to.have.lengthOf(1);
    });
  }

  it("end at Ctrl-C while they only read", async () => {
    stub.answer = () => undefined;
    stub.seen.length = 0;
    const running = start("volume", "list");
    await until(() => stub.seen.length > 0, "the request");
    running.kill("SIGINT");
    expect(await running).to.include({
      exitCode: 130,
      stdout: "",
      stderr: "hyperv-csi volume: interrupted\n",
    });
  });

  it("have no colours, whatever the environment asks for", async () => {
    stub.answer = json(200, { volumes: [listedVolume("a")], next_token: "" });
    for (const env of [{ NO_COLOR: "1" }, { FORCE_COLOR: "1" }]) {
      const { stdout } = await startProgram(rig.bundle, { ...rig.environment, ...env }, ["volume", "list"]);
      expect(stdout)
        .to.match(/^NAME {2}ID/)
        .and.not.contain("\u001b");
    }
  });

  /** Answers a clone after the progress was looked at twice, or `looks` at most; tells of it. */
  function slowClone() {
    let made: ServerResponse | undefined;
    let id: unknown;
    let looks = 0;
    stub.answer = (request, response) => {
      const { pathname } = urlOf(request);
      if (pathname === "/operations") {
        looks++;
        const operation = {
          what: "x",
          request_id: id,
          started_at: "2026-05-04T03:02:01.000Z",
          progress: 0.43,
        };
        json(200, { operations: [{ ...operation, request_id: "other", progress: 0.9 }, operation] })(
          request,
          response,
        );
        if (looks === 2 && made !== undefined) json(201, volume("b"))(request, made);
      } else if (request.method === "POST") {
        id = request.headers["x-request-id"];
        made = response;
      } else
        json(200, pathname.endsWith("/attachments") ? { Attachments: [] } : volume("a"))(request, response);
    };
    return () => made;
  }

  it("have no progress bar where standard error is no terminal", async () => {
    const madeResponse = slowClone();
    stub.seen.length = 0;
    const running = start("volume", "clone", "a", "b", "-o", "json");
    await until(() => madeResponse() !== undefined, "the request");
    // Twice as long as a bar takes to look for the first time.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const response = madeResponse();
    response?.writeHead(201, { "Content-Type": "application/json" }).end(JSON.stringify(volume("b")));
    expect(await running).to.deep.include({ exitCode: 0, stderr: "" });
    expect(stub.seen).not.to.include("GET /operations");
  });

  it("have a progress bar on a terminal that is gone in the end", async function () {
    const { failed } = await execa("script", ["--version"], { reject: false });
    if (failed) {
      if (process.env["CI"]) throw new Error("script(1) is not installed");
      console.log("      skipped: script(1) is not installed");
      this.skip();
    }
    slowClone();
    const command = [process.execPath, rig.bundle, "volume", "clone", "a", "b"].join(" ");
    const options = { stdin: "ignore", env: rig.environment } as const;
    const { exitCode, stdout } = await execa("script", ["-qec", command, "/dev/null"], options);
    expect(exitCode).to.equal(0);
    expect(stdout)
      .to.match(/\[=+> +\] {2}43 %/)
      .and.not.contain("90 %");
    const shown = stdout.slice(stdout.lastIndexOf("\u001b[K") + 3);
    expect(shown).to.match(/^NAME .*\r\nb /);
  });
});
