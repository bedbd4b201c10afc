import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type Leaf, operatorCommands } from "./command-tree.ts";

/** Options that each command has; the page describes them once. */
const connection = ["--agent-url", "--api-key-file", "--ca-file", "--profile", "--profiles"];

function helpOf({ command }: Leaf): string {
  let help = "";
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  command.outputHelp();
  return help;
}

const ownOptions = ({ command }: Leaf) =>
  command.options.map(({ long }) => long ?? "").filter((long) => !connection.includes(long));

describe("operator's commands, help", () => {
  const leaves = operatorCommands();
  let page = "";
  before(async () => {
    page = await readFile(join(import.meta.dirname, "../../../docs/reference/operator-commands.md"), "utf8");
  });

  it("knows all commands", () => {
    expect(leaves.map(({ words }) => words)).to.include.members([
      "volume create",
      "snapshot group delete",
      "capacity",
    ]);
    expect(leaves).to.have.lengthOf(28);
  });

  for (const leaf of leaves) {
    const { words, command } = leaf;
    it(`of ${words} has examples of it, exit codes, and a word on each argument and option`, () => {
      const help = helpOf(leaf);
      const examples = help.slice(help.indexOf("Examples:\n")).trim().split("\n").slice(1);
      expect(examples).not.to.deep.equal([]);
      for (const example of examples) expect(example).to.match(new RegExp(`^ {2}\\$ hyperv-csi ${words}\\b`));
      expect(help).to.match(/Exit codes: 0 /);
      for (const { description } of command.registeredArguments) expect(description).not.to.equal("");
      for (const { description, long } of command.options) expect(description, long ?? "").not.to.equal("");
      expect(command.options.map(({ long }) => long)).to.include.members(connection);
      const variables = command.options.flatMap(({ envVar, long }) =>
        envVar === undefined ? [] : [[long, envVar]],
      );
      expect(variables).to.deep.equal(
        connection.map((long) => [long, `HYPERV_CSI_${long.slice(2).replaceAll("-", "_").toUpperCase()}`]),
      );
    });

    it(`of ${words} is in the reference`, () => {
      const usage = command.registeredArguments.map(
        (argument) => ` ${argument.name().toUpperCase()}${argument.variadic ? "…" : ""}`,
      );
      const row = page.split("\n").find((line) => line.startsWith(`| \`${words}${usage.join("")}\``));
      expect(row, words).not.to.equal(undefined);
      for (const long of ownOptions(leaf)) expect(row, words).to.contain(`\`${long}`);
      for (const alias of command.aliases()) expect(row, words).to.contain(`\`${alias}\``);
    });
  }

  it("and the reference name each environment variable and exit code", () => {
    for (const long of connection) {
      expect(page).to.contain(`| \`${long} `);
      expect(page).to.contain(`\`HYPERV_CSI_${long.slice(2).replaceAll("-", "_").toUpperCase()}\``);
    }
    for (const code of [0, 1, 2, 3, 130, 141]) expect(page).to.match(new RegExp(`^\\| ${code} `, "m"));
  });
});
