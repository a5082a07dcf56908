/**
 * Reads CSV by RFC 4180 (commas, quotes doubled inside quotes, CRLF or LF, quoted fields over several lines) from a stream of
 * text, a record at a time: a list of a million pictures is never in memory as a whole. Blank lines are skipped.
 */
export async function* csvRecords(chunks: AsyncIterable<string>): AsyncGenerator<string[]> {
  let fields: string[] = [];
  let field = '';
  let quoted = false;
  /** A quote was seen inside quotes: the end of them, or the first of two. */
  let pending = false;
  let first = true;
  for await (let chunk of chunks) {
    if (first && chunk.startsWith('\ufeff')) chunk = chunk.slice(1);
    first = false;
    for (const char of chunk) {
      if (pending) {
        pending = false;
        if (char === '"') {
          field += '"';
          continue;
        }
        quoted = false;
      } else if (quoted) {
        if (char === '"') pending = true;
        else field += char;
        continue;
      }
      if (char === '"' && field === '') quoted = true;
      else if (char === ',') {
        fields.push(field);
        field = '';
      } else if (char === '\n') {
        const record = [...fields, field.endsWith('\r') ? field.slice(0, -1) : field];
        fields = [];
        field = '';
        if (record.length > 1 || record[0] !== '') yield record;
      } else field += char;
    }
  }
  if (fields.length > 0 || field !== '') yield [...fields, field.endsWith('\r') ? field.slice(0, -1) : field];
}
