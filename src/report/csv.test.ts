import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvError, csvCell, csvLine, csvRecords, parseCsv } from './csv.ts';

async function streamed(text: string, size: number) {
  async function* chunks() {
    for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
  }
  const records = [];
  for await (const record of csvRecords(chunks())) records.push(record);
  return records;
}

const unit = fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'ü', '');
const anyText = fc.string({ unit });

describe('CSV is read', () => {
  it('by RFC 4180', () => {
    const text = '\ufeffa,b\r\n"x, ""y""","two\r\nlines"\r\n\r\n1,\n"",""';
    expect(parseCsv(text)).toEqual([
      { line: 1, fields: ['a', 'b'] },
      { line: 2, fields: ['x, "y"', 'two\r\nlines'] },
      { line: 5, fields: ['1', ''] },
      { line: 6, fields: ['', ''] },
    ]);
  });

  it('the same as a whole and in pieces, faults with their lines too', async () => {
    const outcome = async (read: () => unknown) => {
      try {
        return await read();
      } catch (error) {
        expect(error).toBeInstanceOf(CsvError);
        const { line, message } = error as CsvError;
        return `${line}: ${message}`;
      }
    };
    await fc.assert(
      fc.asyncProperty(anyText, fc.integer({ min: 1, max: 9 }), async (text, size) => {
        expect(await outcome(() => streamed(text, size))).toEqual(await outcome(() => parseCsv(text)));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a,"b', 1, 'never closed'],
    ['path\n"a.jpg\nb.jpg\nc.jpg\n', 2, 'never closed'],
    ['path\n"a.jpg\n"b.jpg"\n', 3, 'the quoted field begins in line 2'],
    ['a\n"b"c', 2, 'after a closing quote'],
    ['a\nb"c', 2, 'inside a field'],
    ['a\rb\n', 1, 'carriage return'],
    [`path\n"${'a.jpg\n'.repeat(200_000)}`, 2, 'a quote is opened and not closed'],
  ])('and %j is refused', (text, line, message) => {
    expect(() => parseCsv(text)).toThrow(
      expect.objectContaining({ line, message: expect.stringContaining(message) }),
    );
  });

  it('and many records in quotes do not count as one long one', () => {
    expect(parseCsv('"a.jpg","x"\n'.repeat(200_000))).toHaveLength(200_000);
  });
});

describe('CSV is written', () => {
  it('so that every text can be had back, and none begins a formula', () => {
    const cell = fc.oneof(anyText, fc.string({ unit: fc.constantFrom("'", '=', '+', '-', '@', '\t', 'a') }));
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 5 }),
        fc.constantFrom('\n' as const, '\r\n' as const),
        (rows, end) => {
          const read = parseCsv(rows.map((row) => csvLine(row, end)).join('')).map((r) => r.fields);
          expect(read.flat().filter((field) => /^[=+\-@\t\r]/.test(field))).toEqual([]);
          const plain = (field: string) => (/^'+[=+\-@\t\r]/.test(field) ? field.slice(1) : field);
          expect(read.map((fields) => fields.map(plain))).toEqual(rows);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    ['=HYPERLINK("http://evil")', `"'=HYPERLINK(""http://evil"")"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t=1"`],
    ["'=1", `"''=1"`],
    ['plain', 'plain'],
    ['two, parts', '"two, parts"'],
    [-4015, '-4015'],
    [null, ''],
  ])('with %j as %s', (value, text) => {
    expect(csvCell(value)).toBe(text);
  });
});
