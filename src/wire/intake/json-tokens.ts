/*
 * Where the tokens of a JSON text in UTF-8 end (RFC 8259). Each function takes the place of the token's first
 * byte and gives the place behind its last one, or -1 where there is no such token. None looks at a byte
 * twice.
 */

/** Bytes that may stand in a string as they are: all but control characters, the quote and the backslash. */
const plain = new Uint8Array(256).fill(1).fill(0, 0, 0x20);
plain[0x22] = 0;
plain[0x5c] = 0;
/** What may follow a backslash, `u` aside. */
const escapable = new Uint8Array(256);
for (const byte of Buffer.from('"\\/bfnrt')) escapable[byte] = 1;
const WORDS = { t: Buffer.from('true'), f: Buffer.from('false'), n: Buffer.from('null') } as const;

/** Behind white space, which may be none. */
export function skipSpace(text: Buffer, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const byte = text[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
  }
  return at;
}

/** Behind a string. */
export function endOfString(text: Buffer, from: number): number {
  const { length } = text;
  if (from >= length || text[from] !== 0x22) return -1;
  for (let at = from + 1; ; ) {
    while (at < length && plain[text[at] as number] === 1) at++;
    if (at >= length) return -1;
    const byte = text[at++];
    if (byte === 0x22) return at;
    if (byte !== 0x5c || at >= length) return -1;
    const escaped = text[at++] as number;
    if (escaped === 0x75) {
      for (const end = at + 4; at < end; at++) {
        if (at >= length || !isHexDigit(text[at] as number)) return -1;
      }
    } else if (escapable[escaped] !== 1) {
      return -1;
    }
  }
}

/** Behind a number (RFC 8259 §6). */
export function endOfNumber(text: Buffer, from: number): number {
  let at = byteAt(text, from) === 0x2d ? from + 1 : from;
  const whole = at;
  at = endOfDigits(text, whole);
  if (at === whole || (text[whole] === 0x30 && at > whole + 1)) return -1;
  if (byteAt(text, at) === 0x2e) {
    const fraction = at + 1;
    at = endOfDigits(text, fraction);
    if (at === fraction) return -1;
  }
  if ((byteAt(text, at) | 0x20) === 0x65) {
    const sign = byteAt(text, at + 1);
    const exponent = at + (sign === 0x2b || sign === 0x2d ? 2 : 1);
    at = endOfDigits(text, exponent);
    if (at === exponent) return -1;
  }
  return at;
}

/** Behind `true`, `false` or `null`. */
export function endOfWord(text: Buffer, from: number): number {
  const first = byteAt(text, from);
  const word = first === 0x74 ? WORDS.t : first === 0x66 ? WORDS.f : WORDS.n;
  const end = from + word.length;
  if (end > text.length) return -1;
  for (let at = 0; at < word.length; at++) if (text[from + at] !== word[at]) return -1;
  return end;
}

/** The byte at a place; 0, which stands nowhere in JSON, behind the end. */
export function byteAt(text: Buffer, at: number): number {
  return at < text.length ? (text[at] as number) : 0;
}

function endOfDigits(text: Buffer, from: number): number {
  let at = from;
  while (at < text.length && isDigit(text[at] as number)) at++;
  return at;
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** The value of a hexadecimal digit. */
export function hexDigit(byte: number): number {
  return isDigit(byte) ? byte - 0x30 : (byte | 0x20) - 0x57;
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}
