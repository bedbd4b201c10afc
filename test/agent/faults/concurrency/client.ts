import { randomUUID } from "node:crypto";
import type { AgentClient } from "../../../../src/agent-client/agent-client.ts";
import { StatusError } from "../../../../src/kit/errors.ts";
import { testCall } from "../../../support/agent.ts";
import type { Random } from "../../../support/random.ts";
import type { Operation, Told } from "./history.ts";

const MIB = 1024 * 1024;
const SIZES = [6, 8, 10].map((size) => size * MIB);
const LABEL = "client";
const ABSENT: Told = { id: "", size: 0, vm: "", label: "" };

/** What all clients work on, and write down. */
export interface Board {
  readonly names: readonly string[];
  readonly vms: readonly string[];
  /** The id that somebody saw last under each name; it may be an old one by now. */
  readonly ids: Map<string, string>;
  readonly history: Operation[];
}

type Asked = Pick<Operation, "kind" | "name"> & Partial<Pick<Operation, "id" | "size" | "vm" | "label">>;

const now = () => Number(process.hrtime.bigint());

/** One client that asks for anything, of any name, and writes down what it was told. */
export class RandomClient {
  readonly #index: number;
  readonly #agent: AgentClient;
  readonly #board: Board;
  readonly #random: Random;

  constructor(index: number, agent: AgentClient, board: Board, random: Random) {
    this.#index = index;
    this.#agent = agent;
    this.#board = board;
    this.#random = random;
  }

  async run(stopped: () => boolean): Promise<void> {
    while (!stopped()) await this.#operate(this.#random.pick(this.#board.names));
  }

  #operate(name: string): Promise<void> {
    const id = this.#board.ids.get(name) ?? randomUUID();
    const vm = this.#random.pick(this.#board.vms);
    const size = this.#random.pick(SIZES);
    const draw = this.#random.below(100);
    if (draw < 25) return this.#create({ kind: "create", name, size, label: "" });
    if (draw < 45)
      return this.#tell({ kind: "delete", name, id }, () => this.#agent.deleteVolume(id, testCall()));
    if (draw < 60) return this.#get({ kind: "get", name });
    if (draw < 70) return this.#expand({ kind: "expand", name, id, size: size + 2 * MIB });
    if (draw < 78) return this.#relabel({ kind: "label", name, id, label: String(this.#index) });
    if (draw < 88)
      return this.#tell({ kind: "attach", name, id, vm }, () =>
        this.#agent.attach(vm, id, false, testCall()),
      );
    if (draw < 99)
      return this.#tell({ kind: "detach", name, id, vm }, () => this.#agent.detach(vm, id, testCall()));
    return this.#list();
  }

  async #create(asked: Asked & { size: number }): Promise<void> {
    await this.#ask(asked, async () => {
      const { id, size } = await this.#agent.createVolume(
        asked.name,
        { size: BigInt(asked.size) },
        testCall(),
      );
      this.#board.ids.set(asked.name, id);
      return { ...ABSENT, id, size };
    });
  }

  async #get(asked: Asked): Promise<void> {
    await this.#ask(asked, async () => {
      const { id, size, labels } = await this.#agent.getVolume(asked.name, testCall());
      return { ...ABSENT, id, size, label: labels[LABEL] ?? "" };
    });
  }

  async #expand(asked: Asked & { id: string; size: number }): Promise<void> {
    await this.#ask(asked, async () => {
      const grown = await this.#agent.expandVolume(asked.id, BigInt(asked.size), undefined, testCall());
      return { ...ABSENT, size: grown.CapacityBytes };
    });
  }

  async #relabel(asked: Asked & { id: string; label: string }): Promise<void> {
    await this.#tell(asked, () =>
      this.#agent.modifyVolume(asked.id, { labels: { [LABEL]: asked.label } }, testCall()),
    );
  }

  /** A list is as many looks as there are names, each at an instant of its own. */
  async #list(): Promise<void> {
    const call = now();
    const { volumes } = await this.#agent.listVolumes(0, "", testCall());
    const returned = now();
    for (const name of this.#board.names) {
      const volume = volumes.find(({ Name }) => Name === name);
      const answer =
        volume === undefined
          ? ABSENT
          : {
              id: volume.DiskIdentifier,
              size: volume.Size,
              vm: volume.Host ?? "",
              label: volume.Labels[LABEL] ?? "",
            };
      this.#note({ kind: "list", name }, call, returned, "OK", answer);
    }
  }

  /** For an operation whose answer is that it was done. */
  async #tell(asked: Asked, work: () => Promise<unknown>): Promise<void> {
    await this.#ask(asked, async () => {
      await work();
      return undefined;
    });
  }

  async #ask(asked: Asked, work: () => Promise<Told | undefined>): Promise<void> {
    const call = now();
    try {
      const answer = await work();
      this.#note(asked, call, now(), "OK", answer);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.#note(asked, call, now(), error.code, undefined);
    }
  }

  #note(asked: Asked, call: number, returned: number, code: string, answer: Told | undefined): void {
    const told = answer === undefined ? {} : { answer };
    this.#board.history.push({ client: this.#index, ...asked, call, return: returned, code, ...told });
  }
}
