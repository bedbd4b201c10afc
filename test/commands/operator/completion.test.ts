import { writeFile } from "node:fs/promises";
import { expect } from "chai";
import { execa } from "execa";
import { bundleOf } from "../../support/bundle.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { operatorCommands } from "./command-tree.ts";
import { runProgram, succeeded } from "./program.ts";

describe("hyperv-csi completion", () => {
  const program = bundleOf();
  const path = temporaryDirectory();
  const output = async (...args: string[]) => succeeded(await runProgram(program, {}, args), args);
  /** What a shell is offered for the last of the words. */
  const candidates = async (...words: string[]) => {
    const lines = (await output("complete", "--", ...words)).trim().split("\n");
    expect(lines.at(-1)).to.match(/^:\d+$/);
    return lines.slice(0, -1).map((line) => line.split("\t")[0]);
  };

  it("offers each of the operator's commands", async () => {
    const offered = new Map<string, Promise<(string | undefined)[]>>();
    for (const { words } of operatorCommands()) {
      const before = words.split(" ").slice(0, -1);
      const key = before.join(" ");
      const list = offered.get(key) ?? candidates(...before, "");
      offered.set(key, list);
      expect(await list, words).to.include(words.split(" ").at(-1));
    }
    expect(await candidates("volume", "re")).to.deep.equal(["restore"]);
  });

  it("offers options, and the values of those that have choices", async () => {
    expect(await candidates("volume", "create", "--")).to.include.members(["--size", "--label", "--profile"]);
    expect(await candidates("volume", "create", "--t")).to.deep.equal(["--type"]);
    expect(await candidates("volume", "create", "--type", "")).to.deep.equal(["fixed", "dynamic"]);
    for (const words of [
      ["volume", "list", "-o", ""],
      ["vm", "get", "x", "--output", ""],
    ]) {
      expect(await candidates(...words), words.join(" ")).to.deep.equal(["table", "wide", "json", "yaml"]);
    }
  });

  it("has a script for each shell, which calls the program", async () => {
    for (const shell of ["bash", "zsh", "fish", "powershell"]) {
      expect(await output("completion", shell), shell).to.match(/hyperv-csi complete '?--/);
    }
    const { exitCode, stderr } = await runProgram(program, {}, ["completion", "tcsh"]);
    expect(exitCode).not.to.equal(0);
    expect(stderr).to.match(/Allowed choices are zsh, bash, fish, powershell/);
  });

  it("has a script that completes a word in bash", async () => {
    await writeFile(path("completion.bash"), await output("completion", "bash"));
    // What the shell and its package of completions bring along.
    const script = `
      source "${path("completion.bash")}"
      _get_comp_words_by_ref() { words=(hyperv-csi volume re); cur=re; }
      compopt() { :; }
      hyperv-csi() { "${process.execPath}" "${program}" "$@"; }
      __hyperv_csi_complete
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { exitCode, stdout, stderr } = await execa("bash", ["-c", script], { reject: false });
    expect({ exitCode, stdout, stderr }).to.deep.equal({ exitCode: 0, stdout: "restore", stderr: "" });
  });
});
