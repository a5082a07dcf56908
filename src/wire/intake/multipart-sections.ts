/** One part of a body: its headers and its content, as places in the body. */
export interface Section {
  /** From the first byte behind the delimiter line. */
  readonly headStart: number;
  /** Behind the last byte of the headers, their last line end left out. */
  readonly headEnd: number;
  readonly contentStart: number;
  readonly contentEnd: number;
}

/** What a body came apart into, or why it does not. */
export type Sections =
  | { readonly kind: 'parts'; readonly parts: readonly Section[] }
  | { readonly kind: 'refused'; readonly why: string };

/** A line that begins like a delimiter, once it is clear what it is. */
interface Delimiter {
  readonly kind: 'part' | 'close';
  /** The CRLF in front of it, which belongs to it (RFC 2046 §5.1.1). */
  readonly start: number;
  /** Behind the line, its CRLF included. */
  readonly end: number;
}

const refused = (why: string): Sections => ({ kind: 'refused', why });

/**
 * Cuts a whole `multipart/form-data` body at its delimiter lines (RFC 2046 §5.1.1). A delimiter line is the
 * boundary, optional blanks, and CRLF; the last one `--` in between. RFC 2046 asks senders to choose a
 * boundary that no line of the content begins with, and lets receivers take every line that begins with it
 * for a delimiter; a picture that holds such a line would be cut there and judged by its beginning. So a line
 * that goes on in any other way is content.
 *
 * Taken too, since clients send it: a last delimiter without `--` or with one dash, with or without line ends
 * behind it. Refused: more than `most` parts, or so many lines that begin like a delimiter; no last
 * delimiter; a delimiter and more behind the last one, which is how a picture looks that holds a whole last
 * delimiter.
 */
export function cutIntoSections(body: Buffer, boundary: string, most: number): Sections {
  const tooMany = `more than ${most} parts`;
  const delimiters: Delimiter[] = [];
  // One line more for the end of the last part, and one for a preamble.
  let left = most + 2;
  for (const [start, at] of linesWith(body, boundary)) {
    if (--left < 0) return refused(tooMany);
    const delimiter = delimiterAt(body, start, at);
    if (delimiter === null) continue;
    const last = delimiters.at(-1);
    if (last?.kind === 'close') {
      const repeated = delimiter.kind === 'close' && endOfLineSpace(body, last.end) >= delimiter.start;
      if (repeated) continue;
      return refused('it goes on behind its last delimiter line');
    }
    delimiters.push(delimiter);
  }
  if (delimiters.at(-1)?.kind !== 'close') {
    return refused('it is cut off, or its delimiter lines do not carry the announced boundary');
  }
  if (delimiters.length - 1 > most) return refused(tooMany);
  return {
    kind: 'parts',
    parts: delimiters.slice(0, -1).map((one, at) => section(body, one, delimiters[at + 1])),
  };
}

/**
 * Every line that begins with the boundary: where it starts, the CRLF before it included, and the place
 * behind the boundary.
 */
function* linesWith(body: Buffer, boundary: string): Generator<readonly [start: number, at: number]> {
  const line = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const first = line.subarray(2);
  if (body.subarray(0, first.length).equals(first)) yield [0, first.length];
  for (let start = body.indexOf(line); start !== -1; start = body.indexOf(line, start + line.length)) {
    yield [start, start + line.length];
  }
}

/** What the line is whose boundary ends at `at`; null: content. */
function delimiterAt(body: Buffer, start: number, at: number): Delimiter | null {
  // Nothing but line ends up to the end of the body: the last delimiter, whatever became of its dashes.
  const dashes = dashesAt(body, at);
  if (endOfLineSpace(body, at + dashes) === body.length) return { kind: 'close', start, end: body.length };
  if (dashes === 1) return null;
  const behind = endOfBlanks(body, at + dashes);
  const lineEnd = body[behind] === 0x0d && body[behind + 1] === 0x0a;
  if (dashes === 2) return lineEnd || body[behind] === 0x0a ? { kind: 'close', start, end: behind } : null;
  return lineEnd ? { kind: 'part', start, end: behind + 2 } : null;
}

function section(body: Buffer, from: Delimiter, to: Delimiter | undefined): Section {
  // The CRLF of an empty part's headers may be the next delimiter's own.
  const end = Math.max(from.end, to?.start ?? body.length);
  const found = body.subarray(from.end, end).indexOf('\r\n\r\n');
  const headEnd = found === -1 ? end : from.end + found;
  return { headStart: from.end, headEnd, contentStart: Math.min(end, headEnd + 4), contentEnd: end };
}

function dashesAt(body: Buffer, at: number): number {
  if (body[at] !== 0x2d) return 0;
  return body[at + 1] === 0x2d ? 2 : 1;
}

function endOfBlanks(body: Buffer, from: number): number {
  let at = from;
  while (at < body.length && (body[at] === 0x20 || body[at] === 0x09)) at++;
  return at;
}

function endOfLineSpace(body: Buffer, from: number): number {
  let at = from;
  for (; at < body.length; at++) {
    const byte = body[at];
    if (byte !== 0x0d && byte !== 0x0a && byte !== 0x20 && byte !== 0x09) break;
  }
  return at;
}
