/** The label that the mount option `context=` gives to all files, without its quotes; undefined when there is none. */
export function labelIn(options: readonly string[]): string | undefined {
  const option = options.find((each) => each.startsWith("context="));
  return option?.slice("context=".length).replace(/^"(.*)"$/, "$1");
}

/**
 * Whether a mount has the label that was asked for. What was found is "" where each file has its own label, and undefined
 * where the kernel has no SELinux: there mount(8) leaves the option out, and nothing can be compared.
 */
export function hasLabel(found: string | undefined, wanted: string | undefined): boolean {
  if (found === undefined) return true;
  return canonical(found) === canonical(wanted ?? "");
}

/** As the kernel writes labels: equal levels once, categories in order, neighbours as a range. */
function canonical(label: string): string {
  const [user, role, type, ...range] = label.split(":");
  const [low = "", high = low] = range.join(":").split("-", 2).map(canonicalLevel);
  return [user, role, type, low === high ? low : `${low}-${high}`].join(":");
}

function canonicalLevel(level: string): string {
  const [sensitivity = "", categories] = level.split(":", 2);
  if (categories === undefined) return sensitivity;
  const spans = categories.split(",").map((each) => /^c(\d{1,9})(?:\.c(\d{1,9}))?$/.exec(each));
  // Names that a policy translates are compared as they are.
  if (spans.includes(null)) return level;
  const sorted = spans
    .map((span) => [Number(span?.[1]), Number(span?.[2] ?? span?.[1])] as const)
    .sort(([one], [other]) => one - other);
  const merged: [number, number][] = [];
  for (const [first, last] of sorted) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return `${sensitivity}:${merged.map((span) => span.join(".")).join(",")}`;
}
