import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { someRow } from '../store/test-support/temp-store.ts';
import { exportLines, toCsvLine, toJsonLine } from './export.ts';
import type { StoredLedgerRow } from './types.ts';

const stored = (parts: Partial<StoredLedgerRow> = {}): StoredLedgerRow => ({
  id: 7,
  hash: null,
  ...someRow(),
  ...parts,
});

/** A small reader of RFC 4180, for the tests alone. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n|$)/g)) {
    if (match[0] === '') break;
    rows.at(-1)!.push(match[1] === undefined ? match[2]! : match[1].replaceAll('""', '"'));
    if (match[3] === '\r\n') rows.push([]);
  }
  if (rows.at(-1)!.length === 0) rows.pop();
  return rows;
}

async function* given(...rows: StoredLedgerRow[]): AsyncGenerator<StoredLedgerRow> {
  yield* rows;
}

describe('NDJSON', () => {
  it('has one object a line, the time in ISO form', () => {
    const line = toJsonLine(stored());
    expect(line.endsWith('}\n')).toBe(true);
    expect(line.split('\n')).toHaveLength(2);
    expect(JSON.parse(line)).toEqual({ ...stored(), at: '2026-11-23T10:00:00.123Z' });
  });
});

describe('CSV', () => {
  it('has a line of names, then one line a row', async () => {
    let text = '';
    for await (const line of exportLines(
      given(stored(), stored({ id: 8, verdict: null, score: null })),
      'csv',
    ))
      text += line;
    const [names, one, two, ...more] = readCsv(text);
    expect(more).toEqual([]);
    expect(names).toHaveLength(17);
    const named = (cells: string[]) => Object.fromEntries(cells.map((cell, i) => [names![i], cell]));
    expect(named(one!)).toMatchObject({
      id: '7',
      at: '2026-11-23T10:00:00.123Z',
      score: '93',
      rawScore: '93.25',
      reasons: 'blur dark',
      code: '0',
    });
    expect(named(two!)).toMatchObject({ id: '8', verdict: '', score: '' });
  });

  it('keeps every text whole, and no cell begins a formula', () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 });
    fc.assert(
      fc.property(text, text, (source, requestId) => {
        const [cells] = readCsv(toCsvLine(stored({ source, requestId })));
        for (const [cell, original] of [
          [cells![5]!, source],
          [cells![2]!, requestId],
        ] as const) {
          expect([original, `'${original}`]).toContain(cell);
          expect(cell).not.toMatch(/^[=+\-@\t\r]/);
        }
      }),
    );
  });
});
