import { createHash } from 'node:crypto';
import { type ChainValue, contentDigest } from '../../ledger/chain.ts';
import type {
  DecidingQuality,
  Explanation,
  LedgerRow,
  RowKind,
  StillRecord,
  StoredLedgerRow,
} from '../../ledger/types.ts';
import type { Verdict } from '../../liveness/types.ts';
import type { LedgerTable } from './tables.ts';

/**
 * Members of a row's `models` with this in front are hashes of cards: one set of both is kept for many rows.
 */
const CARD_PREFIX = 'card:';

/** The columns of a row that follow from the row alone. */
export type Columns = Omit<LedgerTable, 'id' | 'model_set_id' | 'policy_version_id' | 'salt' | 'hash'>;

/** A row as it is read: with its set of models and its policy, which are kept for many rows. */
export type JoinedRow = Omit<LedgerTable, 'id'> & {
  readonly id: number;
  readonly models: string;
  readonly policy_hash: string | null;
  readonly policy_content: string | null;
};

export function toColumns(row: LedgerRow): Columns {
  const { explanation } = row;
  return {
    at: row.at.getTime(),
    request_id: keepable(row.requestId),
    appid: keepable(row.appid),
    secret_id: keepable(row.secretId),
    source: keepable(row.source),
    picture_bytes: row.pictureBytes,
    picture_sha256: keepable(row.pictureSha256),
    code: row.code,
    verdict: row.verdict,
    score: row.score,
    raw_score: row.rawScore,
    reasons: JSON.stringify(row.reasons),
    milliseconds: row.milliseconds,
    caller_address: keepable(row.callerAddress),
    kind: row.kind,
    requests: row.requests,
    api: explanation?.api ?? null,
    http: explanation?.http ?? null,
    version: explanation?.version ?? null,
    profile: explanation?.profile ?? null,
    threshold: explanation?.threshold ?? null,
    live_probability: explanation?.liveProbability ?? null,
    face_count: explanation?.faceCount ?? null,
    quality: explanation === null ? null : qualityText(explanation),
    reference: explanation?.reference == null ? null : keepable(explanation.reference),
    review: explanation?.review == null ? null : Number(explanation.review),
  };
}

/**
 * Both kinds of quality values in one column, which the row's hash covers: an array as ever where only one
 * kind is there. The stills that were judged together stand beside them.
 */
function qualityText({ quality, measured, stills }: Explanation): string {
  if (stills !== undefined) return JSON.stringify({ outside: quality, measured, stills });
  return JSON.stringify(measured === null ? quality : { outside: quality, measured });
}

function fromQualityText(text: string | null): Pick<Explanation, 'quality' | 'measured' | 'stills'> {
  const kept = JSON.parse(text ?? '[]') as
    | DecidingQuality[]
    | {
        readonly outside: DecidingQuality[];
        readonly measured: Record<string, number> | null;
        readonly stills?: readonly StillRecord[];
      };
  if (Array.isArray(kept)) return { quality: kept, measured: null };
  const { outside: quality, measured, stills } = kept;
  return stills === undefined ? { quality, measured } : { quality, measured, stills };
}

/** The set of models and cards of a row: JSON, names sorted. */
export function modelsText(row: LedgerRow): string {
  const cards = Object.entries(row.explanation?.cards ?? {}).map(([name, hash]) => [
    CARD_PREFIX + name,
    hash,
  ]);
  return sortedJson(Object.fromEntries([...Object.entries(row.models), ...cards]));
}

/** JSON of an object with its members sorted by name. */
export function sortedJson(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))),
  );
}

/**
 * The form of a row: `ledger-2` has one value more, `review`. Rows without it keep the form of the versions
 * before it, so that what those wrote, and still write beside a newer process, is verified as before. The
 * name of the form goes into the hash: a row cannot be taken from one form to the other.
 */
export function formOf({ review }: Pick<Columns, 'review'>): 'ledger-1' | 'ledger-2' {
  return review === null ? 'ledger-1' : 'ledger-2';
}

/**
 * The values of a row that its hash covers, in the order of its form: all of its columns, the set of models
 * and the hash of the policy. A further column makes a further form.
 */
export function chainedValues(
  id: number,
  row: Columns,
  models: string,
  policyHash: string | null,
): readonly ChainValue[] {
  return [
    id,
    row.kind,
    row.requests,
    row.at,
    row.request_id,
    row.appid,
    row.secret_id,
    row.source,
    row.picture_bytes,
    row.picture_sha256,
    row.code,
    row.http,
    row.api,
    row.verdict,
    row.score,
    row.raw_score,
    row.reasons,
    row.milliseconds,
    row.caller_address,
    models,
    policyHash,
    row.version,
    row.profile,
    row.threshold,
    row.live_probability,
    row.face_count,
    row.quality,
    row.reference,
    ...(row.review === null ? [] : [row.review]),
  ];
}

/** The digest of a row's content as it lies there now; the hash of its policy is computed anew too. */
export function digestOf(row: JoinedRow): string {
  const { policy_content: content } = row;
  const policy = content === null ? null : createHash('sha256').update(content).digest('hex');
  return contentDigest(formOf(row), row.salt ?? '', chainedValues(row.id, row, row.models, policy));
}

/** A record is not lost over a stray NUL: it is written as the picture that Unicode has for it. */
function keepable(text: string): string {
  return text.replaceAll('\0', '\u2400');
}

export function fromColumns(row: JoinedRow): StoredLedgerRow {
  const all = Object.entries(JSON.parse(row.models) as Record<string, string>);
  const isCard = (name: string) => name.startsWith(CARD_PREFIX);
  return {
    id: row.id,
    kind: (row.kind as RowKind | null) ?? 'judged',
    requests: row.requests ?? 1,
    at: new Date(row.at),
    requestId: row.request_id,
    appid: row.appid,
    secretId: row.secret_id,
    source: row.source,
    pictureBytes: row.picture_bytes,
    pictureSha256: row.picture_sha256,
    code: row.code,
    verdict: row.verdict as Verdict | null,
    score: row.score,
    rawScore: row.raw_score,
    reasons: JSON.parse(row.reasons) as string[],
    models: Object.fromEntries(all.filter(([name]) => !isCard(name))),
    milliseconds: row.milliseconds,
    callerAddress: row.caller_address,
    explanation: explanationOf(
      row,
      Object.fromEntries(
        all.filter(([name]) => isCard(name)).map(([name, hash]) => [name.slice(CARD_PREFIX.length), hash]),
      ),
    ),
    hash: row.hash,
  };
}

function explanationOf(row: JoinedRow, cards: Readonly<Record<string, string>>): Explanation | null {
  if (row.api === null) return null;
  const { policy_hash: hash, policy_content: content } = row;
  return {
    api: row.api as Explanation['api'],
    http: row.http ?? 0,
    version: row.version ?? '',
    profile: row.profile,
    threshold: row.threshold,
    policy:
      hash === null || content === null
        ? null
        : { hash, content: JSON.parse(content) as Record<string, unknown> },
    liveProbability: row.live_probability,
    review: row.review === null ? null : row.review === 1,
    faceCount: row.face_count,
    ...fromQualityText(row.quality),
    cards,
    reference: row.reference,
  };
}
