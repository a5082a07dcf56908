import type { Presentation } from '../types.ts';
import { describedBy, numberField, textField } from './fields.ts';
import { badFile, readTable } from './table-file.ts';

/**
 * Reads a score file: NDJSON or CSV, a row a presentation, with `label`, `score` (higher is more bona fide; null for a
 * non-response), and where known `species`, `subject`, `session`, `device`, `group`, `fold`, `path`, `probability`,
 * `nonResponse`. Other fields are passed over.
 *
 * @throws {UsageError} reason `bad_index` with file and line.
 */
export function readScores(file: string, text: string): Presentation[] {
  const seen = new Set<string>();
  const records = readTable(file, text);
  return records.map((record, i) => {
    const place = { file, line: record.line };
    if (!record.fields.has('score')) {
      throw badFile(
        place,
        'the field score is missing; give a number, or null for a presentation without a response',
      );
    }
    const id = textField(record, 'path', place) ?? `row ${i + 1}`;
    if (seen.has(id)) throw badFile(place, `path ${JSON.stringify(id)} stands in the file twice`);
    seen.add(id);
    const score = numberField(record, 'score', place);
    const probability = numberField(record, 'probability', place);
    if (probability !== null && !(probability >= 0 && probability <= 1)) {
      throw badFile(place, `probability: expected a number from 0 to 1, found ${probability}`);
    }
    const reason = textField(record, 'nonresponse', place);
    return {
      ...describedBy(record, id, place),
      score,
      probability: score === null ? null : probability,
      nonResponse: score === null ? (reason ?? 'no_response') : null,
    };
  });
}

/** Rows as a score file that {@link readScores} reads back; NDJSON. */
export function writeScores(rows: readonly Presentation[]): string {
  return rows
    .map(({ id, ...rest }) => {
      const known = Object.entries(rest).filter(([name, value]) => value !== null || name === 'score');
      return `${JSON.stringify({ path: id, ...Object.fromEntries(known) })}\n`;
    })
    .join('');
}
