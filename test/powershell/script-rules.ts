import { createRequire } from "node:module";
import { Language, type Node, Parser } from "web-tree-sitter";

/** What scripts may call besides their own functions: nothing that runs a text, starts a program or takes a script. */
const ALLOWED_COMMANDS: ReadonlySet<string> = new Set([
  ...["Set-StrictMode", "Join-Path", "New-Object", "Import-Module", "Get-Module", "Start-Sleep"],
  ...["ConvertFrom-Json", "ConvertTo-Json", "Where-Object", "ForEach-Object", "Select-Object"],
  // Of a path without wildcards: see below.
  ...["Get-Item", "Test-Path"],
  ...[
    "New-CimSession",
    "Remove-CimSession",
    "Get-CimInstance",
    "Get-CimClass",
    "New-CimInstance",
    "Invoke-CimMethod",
  ],
  ...["Get-VM", "Set-VM", "Get-VMScsiController", "Get-VMSnapshot", "Checkpoint-VM", "Remove-VMSnapshot"],
  ...["Add-VMHardDiskDrive", "Remove-VMHardDiskDrive", "Set-VMHardDiskDrive", "Get-VHD", "Resize-VHD"],
]);

/** The one thing that may be compiled: a file of ours. */
const OWN_SOURCE = /^Add-Type -LiteralPath \(Join-Path -Path \$PSScriptRoot -ChildPath '[a-z-]+\.cs'\)$/;

/** What the installer's scripts may call besides. They are run by an administrator, with a plan from our own program. */
const INSTALLER_COMMANDS: ReadonlySet<string> = new Set([
  ...["Write-Host", "Write-Warning", "Get-Service", "Get-Process", "Get-NetTCPConnection"],
  ...["Add-MpPreference", "Remove-MpPreference", "Invoke-WebRequest", "Get-FileHash"],
]);

/** Parameters that take wildcards, or a query, in some command: their value is a literal. */
const CAREFUL_PARAMETERS =
  /^-(path|name|vmname|filter|query|class|classname|methodname|namespace|include|exclude)$/i;

/** Commands whose -Path names one file: they know no -LiteralPath. */
const PLAIN_PATHS: ReadonlySet<string> = new Set(["Get-VHD", "Resize-VHD", "Add-VMHardDiskDrive"]);

const FORBIDDEN_MEMBERS =
  /^(invoke|invokescript|invokecommand|newscriptblock|addscript|addcommand|expandstring)$/i;
const FORBIDDEN_TYPES = /^(scriptblock|(system\.management\.automation\.)?(scriptblock|powershell))$/i;

export interface Script {
  readonly root: Node;
  readonly functions: readonly string[];
}

/** A parser of PowerShell's grammar. */
export async function powershellParser(): Promise<(source: string) => Script> {
  await Parser.init();
  const grammar = createRequire(import.meta.url).resolve(
    "tree-sitter-powershell/tree-sitter-powershell.wasm",
  );
  const parser = new Parser();
  parser.setLanguage(await Language.load(grammar));
  return (source) => {
    const root = parser.parse(source)?.rootNode;
    if (root === undefined) throw new Error("the parser gave no tree");
    const functions = all(root, "function_statement").flatMap((node) =>
      node.namedChildren.filter((child) => child.type === "function_name").map((child) => child.text),
    );
    return { root, functions };
  };
}

/** Where a script is not PowerShell. */
export function syntaxErrors({ root }: Script): string[] {
  return descendants(root)
    .filter((node) => node.isError || node.isMissing)
    .map((node) => at(node, "is not PowerShell"));
}

/** Where data could become code, or one name could mean several. @param known functions of all scripts */
export function dangers({ root }: Script, known: ReadonlySet<string>, isInstaller = false): string[] {
  const allowed = isInstaller ? new Set([...ALLOWED_COMMANDS, ...INSTALLER_COMMANDS]) : ALLOWED_COMMANDS;
  return [
    ...all(root, "command").flatMap((command) => dangersOfCommand(command, known, allowed)),
    ...all(root, "invokation_expression").flatMap((call) => {
      const member = call.namedChildren.find(({ type }) => type === "member_name")?.text ?? "";
      return FORBIDDEN_MEMBERS.test(member) ? [at(call, "calls what runs a script")] : [];
    }),
    ...all(root, "type_identifier")
      .filter(({ text }) => FORBIDDEN_TYPES.test(text))
      .map((type) => at(type, "makes scripts of texts")),
  ];
}

function dangersOfCommand(command: Node, known: ReadonlySet<string>, allowed: ReadonlySet<string>): string[] {
  if (command.namedChildren.some(({ type }) => type === "command_invokation_operator")) {
    return isOwnPart(command) ? [] : [at(command, "invokes what is not a name")];
  }
  const name = command.childForFieldName("command_name")?.text ?? "";
  if (OWN_SOURCE.test(command.text)) return [];
  if (!known.has(name) && !allowed.has(name)) return [at(command, `calls ${name}`)];
  // Our own functions' parameters are plain variables.
  return known.has(name) ? [] : carelessParameters(command, name);
}

/** `. (Join-Path -Path $PSScriptRoot -ChildPath 'part.ps1')` */
function isOwnPart({ text }: Node): boolean {
  return /^\. \(Join-Path -Path \$PSScriptRoot -ChildPath '(installer\/|\.\.\/)?[a-z-]+\.ps1'\)$/.test(text);
}

function carelessParameters(command: Node, name: string): string[] {
  const elements = command.childForFieldName("command_elements")?.namedChildren ?? [];
  const parts = elements.filter(({ type }) => type !== "command_argument_sep");
  return parts.flatMap((part, index) => {
    if (part.type !== "command_parameter" || !CAREFUL_PARAMETERS.test(part.text)) return [];
    if (/^-path$/i.test(part.text) && PLAIN_PATHS.has(name)) return [];
    const value = parts[index + 1]?.text ?? "";
    // Constants of the script and its own directory are literals by another name.
    const isLiteral =
      /^'[^']*'$/.test(value) ||
      /^"[^"$`]*"$/.test(value) ||
      /^\$script:[A-Z]\w+$/.test(value) ||
      value === "$PSScriptRoot" ||
      // Windows' own directories.
      /^\$env:(SystemRoot|ProgramData|ProgramFiles)$/.test(value);
    // Parameters of functions that are given constants alone.
    const isProperty =
      (name === "Get-CimInstance" && value === "$Class") ||
      (name === "Invoke-CimMethod" && value === "$Method");
    return isLiteral || isProperty ? [] : [at(part, `of ${name} is given ${value}`)];
  });
}

function all(root: Node, type: string): Node[] {
  return descendants(root).filter((node) => node.type === type);
}

function descendants(node: Node): Node[] {
  return [node, ...node.children.flatMap(descendants)];
}

function at(node: Node, what: string): string {
  return `line ${node.startPosition.row + 1}: ${node.text.slice(0, 80)} ${what}`;
}
