const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const unseenButLineEnds = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text that a terminal only shows: a file's strings are a stranger's, and may hold escape sequences. */
export function printable(text: string): string {
  return text.replaceAll(
    unseen,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}}`,
  );
}

/** JSON or double-quoted YAML that says the same to a program, and that a terminal only shows. */
export function printableJson(text: string): string {
  return text.replaceAll(unseenButLineEnds, (character) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** True for text that {@link printableJson} would change. */
export function hasUnseen(text: string): boolean {
  return text.search(unseenButLineEnds) !== -1;
}
