import type { Presentation } from '../types.ts';
import { describedBy, numberField, textField } from './fields.ts';
import { badFile, type Place, readTable, type TableRecord } from './table-file.ts';

/**
 * Reads a score file: NDJSON or CSV, a row a presentation, with `label`, `score` (higher is more bona fide;
 * null for a non-response), and where known `species`, `subject`, `session`, `device`, `group`, `fold`,
 * `path`, `probability`, `nonResponse`. Other fields are passed over, but for what livestill's own results
 * say of pictures that were not judged (`verdict`, `rawScore`, `failure`): they are non-responses, whatever
 * `score` says; results of before 0.2 have the raw one there.
 *
 * @param ignoreQuality takes the raw score of pictures judged too poor
 * @throws {UsageError} reason `bad_index` with file and line.
 */
export function readScores(file: string, text: string, ignoreQuality = false): Presentation[] {
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
    const { score, why } = responseOf(record, place, ignoreQuality);
    const probability = numberField(record, 'probability', place);
    if (probability !== null && !(probability >= 0 && probability <= 1)) {
      throw badFile(place, `probability: expected a number from 0 to 1, found ${probability}`);
    }
    return {
      ...describedBy(record, id, place),
      score,
      probability: score === null ? null : probability,
      nonResponse: score === null ? why : null,
    };
  });
}

/** The score that counts, and why there is none. */
function responseOf(
  record: TableRecord,
  place: Place,
  ignoreQuality: boolean,
): { readonly score: number | null; readonly why: string } {
  const score = numberField(record, 'score', place);
  const failure = textOf(record, 'failure');
  const verdict = textOf(record, 'verdict');
  const notJudged = verdict === 'poor_quality' || verdict === 'no_face' ? verdict : null;
  const why =
    textField(record, 'nonresponse', place) ??
    notJudged ??
    (failure === null ? 'no_response' : `refused:${failure}`);
  if (notJudged === null) return { score, why };
  const taken = ignoreQuality && notJudged === 'poor_quality';
  return { score: taken ? (numberField(record, 'rawscore', place) ?? score) : null, why };
}

/** A text of a field that other systems may use for something else. */
function textOf({ fields }: TableRecord, name: string): string | null {
  const value = fields.get(name);
  return typeof value === 'string' && value !== '' ? value : null;
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
