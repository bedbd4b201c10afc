/** A fenced block of commands in a page. */
export interface DocBlock {
  readonly language: string;
  readonly text: string;
  /** True where the page says, in a comment that readers don't see, that it can be run in a checkout. */
  readonly canRun: boolean;
}

const LANGUAGES = "sh|bash|console|powershell";

/** The blocks of commands of a page, in order. `<!-- run -->` before a block says that it can be run. */
export function commandBlocks(markdown: string): DocBlock[] {
  const pattern = new RegExp(`(<!-- run -->\\s*)?^\`\`\`(${LANGUAGES})\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...markdown.matchAll(pattern)].map(([, mark, language = "", text = ""]) => ({
    language,
    text,
    canRun: mark !== undefined,
  }));
}
