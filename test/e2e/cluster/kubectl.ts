import { join } from "node:path";
import { execa } from "execa";
import { binaries } from "../build/binaries.ts";

/** An object of Kubernetes, as far as tests look at every kind alike. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** kubectl as the cluster's administrator. */
export class Kubectl {
  readonly kubeconfig: string;

  constructor(kubeconfig: string) {
    this.kubeconfig = kubeconfig;
  }

  /** What a command says. @throws Error with kubectl's words */
  async run(args: readonly string[], input = ""): Promise<string> {
    const { exitCode, stdout, stderr } = await this.try(args, input);
    if (exitCode === 0) return stdout;
    throw new Error(`kubectl ${args.join(" ")}: ${stderr || stdout}`);
  }

  /** How a command ends, whatever its exit code. */
  async try(args: readonly string[], input = "") {
    const { exitCode, stdout, stderr } = await execa(join(binaries, "kubectl"), args, {
      env: { KUBECONFIG: this.kubeconfig },
      input,
      reject: false,
      stripFinalNewline: false,
      maxBuffer: 64 * 1024 * 1024,
    });
    return { exitCode, stdout, stderr };
  }

  /** The objects of a kind. */
  async list<Kind extends KubeObject = KubeObject>(
    kind: string,
    ...args: readonly string[]
  ): Promise<Kind[]> {
    const text = await this.run(["get", kind, "--output=json", ...args]);
    return (JSON.parse(text) as { items: Kind[] }).items;
  }

  async get<Kind extends KubeObject = KubeObject>(
    kind: string,
    name: string,
    ...args: readonly string[]
  ): Promise<Kind> {
    return JSON.parse(await this.run(["get", kind, name, "--output=json", ...args])) as Kind;
  }
}
