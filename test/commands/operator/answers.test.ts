import { expect } from "chai";
import { json } from "../../support/stub-server.ts";
import { cells } from "./program.ts";
import { listedVolume, stubAgent, urlOf, volume } from "./stub-agent.ts";

const hostile = "\u001b]0;owned\u0007\u001b[2J\u009b31m\u202egnp\u2028\r\nnext";
const unseen = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

describe("operator's commands, an agent's answers", () => {
  const rig = stubAgent();
  const { stub } = rig;

  it("show texts that steer no terminal, and lose nothing for programs", async () => {
    const labels = { [hostile]: hostile };
    stub.answer = json(200, {
      volumes: [listedVolume(hostile, { Pool: hostile, Labels: labels, Fault: hostile })],
      next_token: "",
    });
    for (const format of ["table", "wide", "json", "yaml"]) {
      const { exitCode, stdout, stderr } = await rig.run("volume", "list", "-o", format);
      expect({ exitCode, stderr }, format).to.deep.equal({ exitCode: 0, stderr: "" });
      expect(stdout, format).not.to.match(unseen);
      if (format === "json") expect(JSON.parse(stdout)).to.have.nested.property("[0].name", hostile);
      // A line break in a name begins no row.
      if (format === "table" || format === "wide") expect(stdout.trimEnd().split("\n")).to.have.lengthOf(2);
    }
  });

  it("show an error that steers no terminal, on one line", async () => {
    stub.answer = json(404, { code: 5, message: `no ${hostile}` });
    const { exitCode, stdout, stderr } = await rig.run("volume", "get", hostile);
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 1, stdout: "" });
    expect(stderr).to.match(/^hyperv-csi volume: no \\u\{1b\}.*\n$/);
    expect(stderr).not.to.match(unseen);
  });

  it("say again what was asked without obeying it", async () => {
    stub.answer = (request, response) => {
      if (request.method === "DELETE") response.writeHead(204).end();
      else json(200, volume("x"))(request, response);
    };
    const { stdout } = await rig.run("volume", "delete", "\u001b[31m");
    expect(stdout).to.equal("deleted \\u{1b}[31m\n");
  });

  it("are read to the last page", async () => {
    const pages: Record<string, readonly [string[], string]> = {
      "": [["c", "a"], "t/1 &"],
      "t/1 &": [[], "t2"],
      t2: [["b"], ""],
    };
    stub.answer = (request, response) => {
      const [names, next_token] = pages[urlOf(request).searchParams.get("nextToken") ?? ""] ?? [[], ""];
      json(200, { volumes: names.map((name) => listedVolume(name)), next_token })(request, response);
    };
    const { stdout } = await rig.run("volume", "list", "-o", "json");
    expect((JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)).to.deep.equal(["a", "b", "c"]);
    expect(cells((await rig.run("volume", "list")).stdout)).to.have.lengthOf(4);
  });

  it("fail as a whole when a page fails", async () => {
    stub.answer = (request, response) => {
      const isFirst = urlOf(request).searchParams.get("nextToken") === "";
      const page = { volumes: [listedVolume("a")], next_token: "t" };
      (isFirst ? json(200, page) : json(409, { code: 10, message: "the token is not ours" }))(
        request,
        response,
      );
    };
    expect(await rig.run("volume", "list", "-o", "json")).to.deep.equal({
      exitCode: 1,
      stdout: "",
      stderr: "hyperv-csi volume: the token is not ours\n",
    });
  });

  it("are not believed when they are something else", async () => {
    for (const answer of [json(200, { volumes: [{ Name: "a" }], next_token: "" }), json(200, "<html>")]) {
      stub.answer = answer;
      const { exitCode, stdout, stderr } = await rig.run("volume", "list");
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 1, stdout: "" });
      expect(stderr).to.match(/answered \/volumes with something this API does not have\n$/);
    }
  });

  it("name VMs that are called alike by their ids", async () => {
    const VMs = ["1", "2"].map((digit) => ({
      Name: "web",
      Id: `0000000${digit}-aaaa-4bbb-8ccc-0123456789ab`,
      Path: "",
      Generation: 2,
      State: "running",
    }));
    stub.answer = json(200, { VMs });
    const { exitCode, stderr } = await rig.run("vm", "get", "web");
    expect(exitCode).to.equal(1);
    expect(stderr).to.equal(
      `hyperv-csi vm: several VMs are called web; take an id: ${VMs.map(({ Id }) => Id).join(", ")}\n`,
    );
  });

  it("take an import as done that ended between two requests for it", async () => {
    const imports = [
      json(409, { code: 10, message: "import a b is still running; the request can be repeated" }),
      json(409, { code: 6, message: "volume b exists already" }),
    ];
    stub.answer = (request, response) => {
      const { pathname } = urlOf(request);
      if (pathname === "/volume/b/import") imports.shift()?.(request, response);
      else if (pathname === "/volume/b") json(200, volume("b"))(request, response);
      else json(200, { Attachments: [] })(request, response);
    };
    const { exitCode, stdout } = await rig.run("volume", "import", "a", "b", "-o", "json");
    expect(exitCode).to.equal(0);
    expect(JSON.parse(stdout)).to.deep.equal({ ...volume("b"), vms: [] });
  });

  it("take an export as done that ended so, and no other", async () => {
    const exists = json(409, { code: 6, message: "b exists already" });
    const running = json(409, {
      code: 10,
      message: "export a b is still running; the request can be repeated",
    });
    for (const [answers, expected] of [
      [[running, exists], { exitCode: 0, stdout: "a is written to b\n", stderr: "" }],
      [[exists], { exitCode: 1, stdout: "", stderr: "hyperv-csi volume: b exists already\n" }],
    ] as const) {
      const left = [...answers];
      stub.answer = (request, response) => {
        (request.method === "POST" ? left.shift() : json(200, volume("a")))?.(request, response);
      };
      expect(await rig.run("volume", "export", "a", "b")).to.deep.equal(expected);
      expect(left).to.deep.equal([]);
    }
  });
});
