import type { DecidingQuality, Explanation, StoredLedgerRow } from '../../ledger/types.ts';
import { count } from '../../report/count.ts';
import { createTable } from '../shared/table.ts';

/** Rows as a table for people, newest first. */
export function rowsTable(rows: readonly StoredLedgerRow[]): string {
  if (rows.length === 0) return 'There are no such rows.';
  const cells = rows.map((row) => [
    row.at.toISOString(),
    row.appid,
    row.kind === 'judged' ? verdictOf(row) : row.kind.replace('_', ' '),
    row.score === null ? '-' : String(row.score),
    String(row.code),
    (row.requests > 1 ? `${row.requests} x ` : '') + (row.reasons.join(' ') || '-'),
    row.requestId,
  ]);
  const titles = ['time', 'appid', 'verdict', 'score', 'code', 'reasons', 'request'];
  const layout = createTable(
    titles.map((title) => ({ title, right: title === 'score' || title === 'code' })),
    cells,
  );
  return [layout.head, ...cells.map((row) => layout.line(row))].join('\n');
}

const verdictOf = ({ verdict, explanation }: StoredLedgerRow) =>
  verdict === null ? '-' : explanation?.review === true ? `${verdict}, review` : verdict;

/** A row in sentences: what was asked, what came of it, and why, by which rules. */
export function sentences(row: StoredLedgerRow): string {
  const paragraphs = [asked(row), came(row), why(row), place(row)];
  return paragraphs.filter((text) => text !== '').join('\n\n');
}

const APIS = { legacy: 'POST /face/livedetectpicture', v1: 'POST /v1/liveness' } as const;

function asked(row: StoredLedgerRow): string {
  const { explanation } = row;
  const api = explanation === null ? 'the service' : APIS[explanation.api];
  const who = `The app ${row.appid} called ${api} with the key ${row.secretId || '(several)'} from ${row.callerAddress || 'several addresses'}`;
  const when = `on ${row.at.toISOString()}, request ${row.requestId}.`;
  const reference = explanation?.reference == null ? '' : ` Its own reference: ${explanation.reference}.`;
  return `${who} ${when}${reference}`;
}

function came(row: StoredLedgerRow): string {
  const http = row.explanation === null ? '' : ` (HTTP ${row.explanation.http})`;
  const reasons = row.reasons.join(', ') || 'none';
  if (row.kind === 'request_refused') {
    const times =
      row.requests === 1 ? 'It was' : `It and ${count(row.requests - 1, 'equal one')} after it were`;
    return `${times} refused before a picture was looked at: code ${row.code}${http}, reason ${reasons}.`;
  }
  if (row.kind === 'download_refused') {
    return `The picture behind ${row.source} was not fetched: code ${row.code}${http}, reason ${reasons}.`;
  }
  const source =
    row.source === 'bytes' ? 'was sent along' : `was fetched from ${row.source.replace(/^url:/, '')}`;
  const picture = `The picture ${source}: ${count(row.pictureBytes, 'byte')}, SHA-256 ${row.pictureSha256}.`;
  if (row.verdict === null) {
    return `${picture} It could not be read: code ${row.code}${http}, reason ${reasons}.`;
  }
  const { score, rawScore } = row;
  const answered = score === null ? 'no score was answered' : `the score ${score} was answered`;
  const raw = rawScore === null ? '' : `, ${rawScore} as judged`;
  return `${picture} The verdict was ${row.verdict}; ${answered}${raw}; code ${row.code}${http}, after ${row.milliseconds} ms. Reasons: ${reasons}.`;
}

function why(row: StoredLedgerRow): string {
  const { explanation } = row;
  if (explanation === null) {
    return ['The row was written by a version that did not keep why.', ...modelsOf(row, {})].join('\n');
  }
  if (row.kind !== 'judged' || row.verdict === null) return `livestill ${explanation.version} answered.`;
  return [
    `livestill ${explanation.version} judged. ${rule(row, explanation)}`,
    ...(explanation.quality.length === 0
      ? []
      : ['Outside of their limits:', ...explanation.quality.map(limits)]),
    ...modelsOf(row, explanation.cards),
  ].join('\n');
}

function modelsOf({ models }: StoredLedgerRow, cards: Explanation['cards']): readonly string[] {
  const lines = Object.entries(models).map(([name, hash]) => {
    const card = cards[name];
    return `  ${name}  ${hash}${card === undefined ? '' : `, card ${card}`}`;
  });
  return lines.length === 0 ? [] : ['Models, with the SHA-256 of their files:', ...lines];
}

function rule(
  { rawScore, verdict }: StoredLedgerRow,
  { profile, threshold, policy, liveProbability, review, faceCount }: Explanation,
): string {
  const faces = faceCount === null ? '' : `${count(faceCount, 'face')} found. `;
  if (threshold === null) return faces;
  const side = rawScore === null ? '' : sideOf(rawScore > threshold, verdict);
  const probability =
    liveProbability === null
      ? ''
      : ` Probability of a bona fide presentation at equal priors: ${liveProbability.toFixed(4)}.`;
  const doubt = review === true ? ' For review: the networks did not back the verdict.' : '';
  const by = policy === null ? '' : ` Policy ${policy.hash.slice(0, 16)}: ${JSON.stringify(policy.content)}.`;
  return `${faces}Profile ${profile}; a picture is live above ${threshold}${side}.${probability}${doubt}${by}`;
}

function sideOf(passed: boolean, verdict: StoredLedgerRow['verdict']): string {
  if (verdict === 'poor_quality') return '; the score decided nothing, as the picture was too poor to judge';
  return passed ? ', which the score passed' : ', which the score did not pass';
}

function limits({ name, value, unit, min, max }: DecidingQuality): string {
  const range = [min === null ? '' : `at least ${min}`, max === null ? '' : `at most ${max}`].filter(
    (text) => text !== '',
  );
  return `  ${name}  ${Number(value.toPrecision(6))} ${unit} (expected ${range.join(', ')})`;
}

function place({ id, hash }: StoredLedgerRow): string {
  return hash === null ? `Row ${id}, outside of the chain.` : `Row ${id} of the chain, hash ${hash}.`;
}
