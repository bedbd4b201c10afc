import { stringify } from "yaml";
import type { KubeObject } from "../cluster/kubectl.ts";
import { theRig } from "../rig.ts";

/** An object to be made, as a manifest has it. */
export interface NewObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
}

const WAIT = "--timeout=300s";

/** A namespace for the scenarios of one `describe`, which is gone afterwards with all in it. */
export class Namespace {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
    before(() => theRig().kubectl.run(["create", "namespace", name]));
    after(() => theRig().kubectl.run(["delete", "namespace", name, "--wait", WAIT]));
  }

  /** kubectl in this namespace. */
  async run(args: readonly string[], input = ""): Promise<string> {
    return await theRig().kubectl.run(["--namespace", this.name, ...args], input);
  }

  async get<Kind extends KubeObject = KubeObject>(kind: string, name: string): Promise<Kind> {
    return await theRig().kubectl.get<Kind>(kind, name, "--namespace", this.name);
  }

  async list<Kind extends KubeObject = KubeObject>(kind: string, ...args: string[]): Promise<Kind[]> {
    return await theRig().kubectl.list<Kind>(kind, "--namespace", this.name, ...args);
  }

  /** Makes objects, checked as strictly as the API server can. */
  async make(...objects: readonly NewObject[]): Promise<void> {
    const text = objects.map((object) => stringify(object)).join("---\n");
    await this.run(["create", "--validate=strict", "--filename=-"], text);
  }

  /** Waits for what `kubectl wait` can: `condition=Ready`, `jsonpath={.status.phase}=Bound`, `create`, `delete`. */
  async wait(what: string, condition: string): Promise<void> {
    await this.run(["wait", what, `--for=${condition}`, WAIT]);
  }

  /** Removes an object and waits until it is gone. */
  async remove(what: string): Promise<void> {
    await this.run(["delete", what, "--wait", WAIT]);
  }

  /** Makes pods and waits until all of them are ready. */
  async makeReady(...pods: readonly NewObject[]): Promise<void> {
    await this.make(...pods);
    for (const { metadata } of pods) await this.wait(`pod/${metadata.name}`, "condition=Ready");
  }

  /** What a shell in a pod's first container says to a command. */
  async shell(pod: string, command: string): Promise<string> {
    return (await this.run(["exec", pod, "--", "sh", "-ec", command])).trim();
  }
}
