import { expect } from "chai";
import type { Wire } from "../../../../src/controller/kubernetes/api/api-client.ts";
import { follow } from "../../../../src/controller/kubernetes/api/follow.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { testApi } from "../../../support/api-server/test-api.ts";
import { until } from "../../../support/until.ts";

const NODES = "/api/v1/nodes";

describe("following objects of Kubernetes", () => {
  const test = testApi();
  const stop: AbortController[] = [];
  const node = (name: string, mark = "") => ({ kind: "Node", metadata: { name, labels: { mark } } });

  /** What was told, as `name mark`. */
  function start(react: (name: string) => Promise<void> = () => Promise.resolve()) {
    const told: string[] = [];
    const own = new AbortController();
    stop.push(own);
    const seen = async ({ metadata }: Wire) => {
      const { name, labels } = metadata as { name: string; labels: { mark: string } };
      await react(name);
      told.push(`${name} ${labels.mark}`.trim());
    };
    const ended = follow(test.api, NODES, {}, seen, silentLog(), own.signal);
    return { told, ended, stop: own };
  }

  afterEach(() => {
    for (const each of stop.splice(0)) each.abort();
  });

  it("tells what is there, then each change, and ends when it is told to", async () => {
    test.server.put(NODES, node("one"));
    const { told, ended, stop: own } = start();
    await until(() => test.server.watching === 1, "it watches");
    test.server.put(NODES, node("two"));
    test.server.put(NODES, node("one", "new"));
    test.server.remove(`${NODES}/two`);
    await until(() => told.length === 3, "it is told");
    expect(told).to.deep.equal(["one", "two", "one new"]);
    own.abort();
    await ended;
    await until(() => test.server.watching === 0, "the watch is closed");
  });

  it("misses nothing between its list and its watch", async () => {
    test.server.put(NODES, node("one"));
    let first = true;
    test.server.meddle = ({ query }) => {
      if (first && query.get("watch") === "true") test.server.put(NODES, node("between"));
      if (query.get("watch") === "true") first = false;
      return false;
    };
    const { told } = start();
    await until(() => told.includes("between"), "it is told");
  });

  it("lists anew when the API server has forgotten where it was, ends watches, or dies", async () => {
    test.server.put(NODES, node("one"));
    const { told } = start();
    for (const [name, break_] of [
      [
        "gone",
        () => {
          test.server.compact();
        },
      ],
      ["dead", () => test.server.close()],
    ] as const) {
      await until(() => test.server.watching === 1, "it watches");
      await break_();
      if (name === "dead") await test.server.listen();
      test.server.put(NODES, node(name));
      await until(() => told.includes(name), `it is told of ${name}`);
    }
  });

  it("survives a watch that writes nonsense", async () => {
    test.server.put(NODES, node("one"));
    let nonsense = 1;
    test.server.meddle = ({ query }, response) => {
      if (query.get("watch") !== "true" || nonsense-- <= 0) return false;
      response.writeHead(200).end('{"type":"ADDED"}\nnot JSON\n');
      return true;
    };
    const { told } = start();
    await until(() => test.server.watching === 1, "it watches after all");
    test.server.put(NODES, node("two"));
    await until(() => told.includes("two"), "it is told");
  });

  it("tells again of an object that could not be dealt with, and of the others all the same", async () => {
    for (const name of ["bad", "one", "two"]) test.server.put(NODES, node(name));
    let failures = 2;
    const { told } = start((name) =>
      name === "bad" && failures-- > 0 ? Promise.reject(new Error("not yet")) : Promise.resolve(),
    );
    await until(() => told.includes("bad"), "it is told of the last one");
    expect(told.slice(0, 2)).to.deep.equal(["one", "two"]);
  });
});
