/** `3h`, as kubectl shows ages; a time to come is no age yet. */
export function ageText(time: string, now = Date.now()): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(time)) / 1000));
  for (const [unit, length] of [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
  ] as const) {
    if (seconds >= 2 * length) return `${Math.floor(seconds / length)}${unit}`;
  }
  return `${seconds}s`;
}

/** `a=b,c=d`, or a dash. */
export function pairsText(pairs: Readonly<Record<string, string>>): string {
  const texts = Object.entries(pairs).map(([key, value]) => `${key}=${value}`);
  return texts.length === 0 ? "-" : texts.join(",");
}
