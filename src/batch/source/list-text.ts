import { UsageError } from '../../faults.ts';

/** A line of a list with its number, counted from 1, without its end. */
export interface ListLine {
  readonly line: number;
  /** Names of files are bytes; which characters they are is another question. */
  readonly bytes: Buffer;
}

/** Bytes of one line at most: several times the longest path. */
const LONGEST_LINE = 64 * 1024;
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const LINE_FEED = 10;
const RETURN = 13;

function checkText(bytes: Buffer, list: string): void {
  if (!bytes.includes(0)) return;
  throw new UsageError(
    'broken_input',
    `${list} is no list: it has NUL bytes. Give a folder, a zip, a tar, or a list as UTF-8 text (not UTF-16).`,
  );
}

/** A stream's bytes without the byte order mark, checked to be text of one kind or another. */
async function* plain(chunks: AsyncIterable<Buffer>, list: string): AsyncGenerator<Buffer> {
  let first = true;
  for await (const chunk of chunks) {
    checkText(chunk, list);
    yield first && chunk.subarray(0, 3).equals(MARK) ? chunk.subarray(3) : chunk;
    first = false;
  }
}

/**
 * The text of a list with one character for each byte.
 * @throws {UsageError} `broken_input` for what is no text
 */
export async function* textChunks(chunks: AsyncIterable<Buffer>, list: string): AsyncGenerator<string> {
  for await (const chunk of plain(chunks, list)) yield chunk.toString('latin1');
}

/**
 * A list's bytes as they come, up to the first that show that it is none: an endless stream of anything else
 * fills no disk.
 * @throws {UsageError} `broken_input` when it is no text, or a line is too long
 */
export async function* checkedChunks(chunks: AsyncIterable<Buffer>, list: string): AsyncGenerator<Buffer> {
  let begun = 0;
  let line = 1;
  for await (const chunk of chunks) {
    checkText(chunk, list);
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
      from = to + 1;
      begun = 0;
      line++;
    }
    begun += chunk.length - from;
    if (begun > LONGEST_LINE) throw tooLong(list, line);
    yield chunk;
  }
}

function tooLong(list: string, line: number): UsageError {
  const message = `${list}, line ${line}: longer than ${LONGEST_LINE} bytes, which is no path or url`;
  return new UsageError('broken_input', message);
}

/**
 * The lines of a list.
 * @throws {UsageError} `broken_input` for a line that is too long, and for what is no text
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, list: string): AsyncGenerator<ListLine> {
  let line = 1;
  let rest: Buffer[] = [];
  let length = 0;
  const take = (piece: Buffer) => {
    rest.push(piece);
    length += piece.length;
    if (length > LONGEST_LINE) throw tooLong(list, line);
  };
  const end = (): ListLine => {
    const whole = rest.length === 1 ? rest[0] : Buffer.concat(rest);
    rest = [];
    length = 0;
    return { line: line++, bytes: whole.at(-1) === RETURN ? whole.subarray(0, -1) : whole };
  };
  for await (const chunk of plain(chunks, list)) {
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
      take(chunk.subarray(from, to));
      yield end();
      from = to + 1;
    }
    if (from < chunk.length) take(chunk.subarray(from));
  }
  if (rest.length > 0) yield end();
}
