/**
 * What a terminal acts on: controls, line and paragraph separators, marks that change the direction of
 * writing.
 */
const ACTING = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Text for a terminal in which nothing acts on it but line ends and tabs: every other control character is
 * shown as `\u001b`, as JSON writes it, so that a text which is JSON stays the same JSON. Everything the
 * command line prints goes through here (`print`, `say`, and the output of `main.ts`), since names of files,
 * an app's name or a server's words may stand anywhere in it.
 */
export function printable(text: string): string {
  return text.replace(ACTING, (each) => (each === '\n' || each === '\t' ? each : shown(each)));
}

/** As `printable`, line ends and tabs shown too: for a name within a line or a cell of a table. */
export function printableName(name: string): string {
  return name.replace(ACTING, shown);
}

function shown(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Writes to standard output. */
export function print(text: string): void {
  process.stdout.write(printable(text));
}

/** Writes to standard error. */
export function say(text: string): void {
  process.stderr.write(printable(text));
}
