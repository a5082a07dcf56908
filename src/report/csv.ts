/** A record of a CSV file with the line it starts on. */
export interface CsvRecord {
  /** Counts from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** A text that is no CSV. */
export class CsvError extends Error {
  /** The line at fault, counted from 1. */
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.name = 'CsvError';
    this.line = line;
  }
}

/**
 * Most characters of one record. A quote that is never closed would else take a whole file into one field.
 */
const LONGEST_RECORD = 1 << 20;

type State = 'start' | 'bare' | 'quoted' | 'closed' | 'return';

const BYTE_ORDER_MARK = '\ufeff';
const SPECIAL = /[",\r\n]/g;

/** Reads CSV piece by piece: a list of a million records is never in memory as a whole. */
class Reader {
  #state: State = 'start';
  #line = 1;
  /** The line on which the record, and the quoted field, in work begin. */
  #started = 1;
  #opened = 1;
  #fields: string[] = [];
  #field = '';
  #length = 0;
  #quotedAny = false;
  #found: CsvRecord[] = [];
  #first = true;

  /** The records that end in this piece of text. */
  feed(text: string): CsvRecord[] {
    let at = 0;
    if (this.#first && text !== '') {
      this.#first = false;
      if (text.startsWith(BYTE_ORDER_MARK)) at = 1;
    }
    while (at < text.length) at = this.#step(text, at);
    const found = this.#found;
    this.#found = [];
    return found;
  }

  /** The last record, where the text does not end with the end of a line. */
  end(): CsvRecord[] {
    if (this.#state === 'quoted') throw new CsvError(this.#opened, 'a quote is opened and never closed');
    if (this.#state !== 'start' || this.#fields.length > 0) this.#endRecord();
    return this.#found;
  }

  #step(text: string, at: number): number {
    switch (this.#state) {
      case 'quoted':
        return this.#quoted(text, at);
      case 'closed':
        return this.#closed(text, at);
      case 'return':
        if (text[at] !== '\n') {
          throw new CsvError(this.#line, 'a carriage return stands without a line feed');
        }
        this.#endRecord();
        return at + 1;
      default:
        return this.#bare(text, at);
    }
  }

  #bare(text: string, at: number): number {
    if (this.#state === 'start' && text[at] === '"') {
      this.#state = 'quoted';
      this.#opened = this.#line;
      this.#quotedAny = true;
      return at + 1;
    }
    SPECIAL.lastIndex = at;
    const end = SPECIAL.exec(text)?.index ?? text.length;
    if (end > at) {
      this.#take(text.slice(at, end), this.#line);
      this.#state = 'bare';
    }
    if (end === text.length) return end;
    if (text[end] === '"') {
      throw new CsvError(this.#line, 'a quote stands inside a field that is not quoted');
    }
    return this.#delimiter(text[end], end);
  }

  #quoted(text: string, at: number): number {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    const piece = text.slice(at, end);
    this.#take(piece, this.#opened);
    for (let i = piece.indexOf('\n'); i >= 0; i = piece.indexOf('\n', i + 1)) this.#line++;
    if (quote < 0) return end;
    this.#state = 'closed';
    return end + 1;
  }

  #closed(text: string, at: number): number {
    if (text[at] === '"') {
      this.#take('"', this.#opened);
      this.#state = 'quoted';
      return at + 1;
    }
    if (!/[,\r\n]/.test(text[at])) {
      throw new CsvError(
        this.#line,
        `expected a comma or the end of the line after a closing quote, found ${JSON.stringify(text[at])} ` +
          `(the quoted field begins in line ${this.#opened})`,
      );
    }
    return this.#delimiter(text[at], at);
  }

  #delimiter(character: string, at: number): number {
    if (character === ',') {
      this.#fields.push(this.#field);
      this.#field = '';
      this.#state = 'start';
    } else if (character === '\r') this.#state = 'return';
    else this.#endRecord();
    return at + 1;
  }

  #take(piece: string, line: number): void {
    this.#length += piece.length;
    if (this.#length > LONGEST_RECORD) {
      const quote = this.#state === 'quoted' ? 'a quote is opened and not closed: ' : '';
      throw new CsvError(line, `${quote}a record has more than ${LONGEST_RECORD} characters`);
    }
    this.#field += piece;
  }

  #endRecord(): void {
    const fields = [...this.#fields, this.#field];
    const blank = fields.length === 1 && fields[0] === '' && !this.#quotedAny;
    if (!blank) this.#found.push({ line: this.#started, fields });
    this.#fields = [];
    this.#field = '';
    this.#length = 0;
    this.#quotedAny = false;
    this.#state = 'start';
    this.#line++;
    this.#started = this.#line;
  }
}

/**
 * Reads CSV by RFC 4180, strictly: commas, quotes doubled inside quotes, line ends CRLF or LF, quoted fields
 * over several lines. A byte order mark and blank lines are skipped.
 *
 * @throws {CsvError} for a quote inside a bare field, text after a closing quote, a quote never closed, a
 * lone carriage return.
 */
export function parseCsv(text: string): CsvRecord[] {
  const reader = new Reader();
  const records = reader.feed(text);
  return [...records, ...reader.end()];
}

/**
 * As {@link parseCsv}, of a stream of text, a record at a time.
 * @throws {CsvError} as {@link parseCsv}
 */
export async function* csvRecords(chunks: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  const reader = new Reader();
  for await (const chunk of chunks) yield* reader.feed(chunk);
  yield* reader.end();
}

/** A value of a table. */
export type CsvCell = string | number | null;

/**
 * A cell of CSV. A text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, tab)
 * gets an apostrophe in front, as it may come from a stranger (OWASP, "CSV Injection"); so does one that
 * begins with apostrophes before such a character, so that the text can always be had back. Numbers stay
 * numbers, negative ones too.
 */
export function csvCell(value: CsvCell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^'*[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A line of CSV (RFC 4180) with its line end. */
export function csvLine(cells: readonly CsvCell[], lineEnd: '\r\n' | '\n' = '\r\n'): string {
  return `${cells.map(csvCell).join(',')}${lineEnd}`;
}
