import type { LedgerPlace, StoredLedgerRow } from '../ledger/types.ts';
import { csvLine } from '../report/csv.ts';

/** What a person made of a decision: the verdict was right, or it was wrong. */
export type Mark = 'right' | 'wrong';

/** Which decisions for review are asked for; `marked`: right and wrong. */
export const REVIEW_STATES = ['open', 'right', 'wrong', 'marked', 'all'] as const;

/** One of `REVIEW_STATES`. */
export type ReviewState = (typeof REVIEW_STATES)[number];

/** The mark of a decision as it stands. */
export interface ReviewMark {
  /** Null: a mark that was taken back. */
  readonly mark: Mark | null;
  readonly note: string;
  /** Counts changes: a change says which one it was made for. */
  readonly version: number;
  readonly at: Date;
  /** Who marked: the name of a user, or the id of an admin key. */
  readonly by: string;
}

/** A decision for review, and its mark; null: nobody marked it yet. */
export interface ReviewItem {
  readonly row: StoredLedgerRow;
  readonly mark: ReviewMark | null;
}

/** Of which decisions for review a page is made; a member left out does not narrow. */
export interface ReviewFilter {
  readonly state: ReviewState;
  readonly appid?: string | undefined;
  /** When it was decided. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

/** A page of them, newest decision first. */
export interface ReviewPage {
  readonly items: readonly ReviewItem[];
  /** Where the next page begins; null: there are no older ones. A page may be empty and still have a next. */
  readonly next: LedgerPlace | null;
}

/** A mark as it is set. */
export interface NewMark {
  /** Null takes a mark back. */
  readonly mark: Mark | null;
  readonly note: string;
  readonly by: string;
  /** The number of the ledger row, where several rows have the request id; null: the newest. */
  readonly row: number | null;
  /** The version that the change was made for, 0 for none yet; null: whatever stands there. */
  readonly ifVersion: number | null;
}

/** Reading decisions for review and their marks: a call never reads more than a fixed number of rows. */
export interface ReviewStore {
  /** At most `limit` (1-500) decisions before the place `before` (null: from the newest on). */
  reviewPage(filter: ReviewFilter, before: LedgerPlace | null, limit: number): Promise<ReviewPage>;
}

/** Changes of marks. */
export interface ReviewAdmin {
  /** @throws {UsageError} `decision_unknown`, `changed_meanwhile` */
  markDecision(requestId: string, mark: NewMark): Promise<ReviewItem>;
}

/** A presentation as it truly was, by the words of `livestill evaluate`. */
export type TrueLabel = 'bona-fide' | 'attack';

/**
 * What a marked decision says of the picture: a right "live" and a wrong "attack" were a live person. Null
 * for verdicts that say neither.
 */
export function labelOf(verdict: string | null, mark: Mark): TrueLabel | null {
  if (verdict !== 'live' && verdict !== 'attack') return null;
  return (verdict === 'live') === (mark === 'right') ? 'bona-fide' : 'attack';
}

const COLUMNS = [
  'path',
  'label',
  'score',
  'probability',
  'verdict',
  'mark',
  'note',
  'reference',
  'group',
  'threshold',
  'decidedAt',
  'markedAt',
  'markedBy',
] as const;

/** The first line of the labelled rows. */
export const LABELLED_HEAD = csvLine(COLUMNS, '\n');

/**
 * A marked decision as a row of the score files that `livestill evaluate` reads. `path` is the request id
 * with the number of the row, so that it stands once; `group` is the app. Null where the row has no label.
 */
export function labelledRow({ row, mark }: ReviewItem): string | null {
  const label = mark?.mark == null ? null : labelOf(row.verdict, mark.mark);
  if (mark === null || label === null) return null;
  const { explanation } = row;
  const cells = [
    `${row.requestId}#${row.id}`,
    label,
    row.rawScore,
    explanation?.liveProbability ?? null,
    row.verdict,
    mark.mark,
    mark.note,
    explanation?.reference ?? null,
    row.appid,
    explanation?.threshold ?? null,
    row.at.toISOString(),
    mark.at.toISOString(),
    mark.by,
  ];
  return csvLine(cells, '\n');
}
