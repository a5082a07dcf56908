/** A record of a CSV file with the line it starts on. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** A text that is no CSV. `line` counts from 1. */
export class CsvError extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.name = 'CsvError';
    this.line = line;
  }
}

/**
 * Reads CSV by RFC 4180: commas, quotes doubled inside quotes, line ends CRLF or LF, quoted fields over several lines. A
 * byte order mark and blank lines are skipped.
 *
 * @throws {CsvError} for a quote inside a bare field, text after a closing quote, or a quote never closed.
 */
export function parseCsv(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let at = text.startsWith('\ufeff') ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const start = line;
    const fields: string[] = [];
    let quotedAny = false;
    for (;;) {
      if (text[at] === '"') {
        quotedAny = true;
        let value = '';
        at++;
        for (;;) {
          const end = text.indexOf('"', at);
          if (end < 0) throw new CsvError(start, 'a quote is opened and never closed');
          const piece = text.slice(at, end);
          line += piece.split('\n').length - 1;
          value += piece;
          at = end + 1;
          if (text[at] !== '"') break;
          value += '"';
          at++;
        }
        fields.push(value);
        if (at < text.length && !/[,\r\n]/.test(text[at])) {
          throw new CsvError(
            line,
            `expected a comma or the end of the line after a closing quote, found ${JSON.stringify(text[at])}`,
          );
        }
      } else {
        let end = at;
        while (end < text.length && text[end] !== ',' && text[end] !== '\n') end++;
        const value = text.slice(at, text[end] !== ',' && text[end - 1] === '\r' && end > at ? end - 1 : end);
        if (value.includes('"')) throw new CsvError(line, 'a quote stands inside a field that is not quoted');
        fields.push(value);
        at = end;
      }
      if (text[at] !== ',') break;
      at++;
    }
    if (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
    else if (at < text.length) throw new CsvError(line, 'a carriage return stands without a line feed');
    line++;
    if (fields.length > 1 || fields[0] !== '' || quotedAny) records.push({ line: start, fields });
  }
  return records;
}
