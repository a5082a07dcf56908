import type { Activity, ActivityFilter, ActivityRow, ActivityStep } from './search.ts';
import type { LedgerPlace } from './types.ts';

/** Rows that are counted at most; a longer period is answered from the newest of them. */
export const MOST_COUNTED = 200_000;

/** Rows that are read at once: other work of the store goes on in between. */
const AT_ONCE = 4000;

/** Shares of the histogram of scores. */
const SHARES = 20;

/** Reads the newest rows of a period before a place, at most `limit`, the newest first. */
export type ReadActivity = (
  filter: ActivityFilter,
  before: LedgerPlace | null,
  limit: number,
) => Promise<readonly ActivityRow[]>;

interface Step {
  readonly requests: Record<string, number>;
  readonly milliseconds: number[];
  readonly scores: number[];
}

/** Counts what happened in a period, a bounded number of rows at a time. */
export async function countActivity(
  read: ReadActivity,
  filter: ActivityFilter,
  most = MOST_COUNTED,
): Promise<Activity> {
  const steps = new Map<number, Step>();
  const codes: Record<string, number> = {};
  const refusals: Record<string, number> = {};
  const scores = Array.from({ length: SHARES }, (_, index) => ({ from: index * 5, live: 0, other: 0 }));
  const count = (row: ActivityRow) => {
    const { at, verdict, code, requests, rawScore, milliseconds } = row;
    const start = at - (at % filter.step);
    const step = steps.get(start) ?? { requests: {}, milliseconds: [], scores: [] };
    steps.set(start, step);
    add(step.requests, verdict ?? 'refused', requests);
    add(codes, String(code), requests);
    if (verdict === null) add(refusals, row.reason ?? 'unknown', requests);
    else step.milliseconds.push(milliseconds);
    if (verdict === null || rawScore === null) return;
    const place = Math.min(SHARES - 1, Math.max(0, Math.floor(rawScore / 5)));
    if (step.scores.length === 0) step.scores.push(...new Array<number>(SHARES).fill(0));
    step.scores[place] = (step.scores[place] ?? 0) + 1;
    const share = scores[place];
    if (verdict === 'live') share.live += 1;
    else share.other += 1;
  };
  let before: LedgerPlace | null = null;
  let isWhole = true;
  for (let counted = 0; ; ) {
    const rows = await read(filter, before, Math.min(AT_ONCE, most - counted));
    for (const row of rows) count(row);
    counted += rows.length;
    const last = rows.at(-1);
    if (last === undefined || rows.length < Math.min(AT_ONCE, most - counted + rows.length)) break;
    before = { at: new Date(last.at), id: last.id };
    if (counted < most) continue;
    isWhole = (await read(filter, before, 1)).length === 0;
    break;
  }
  return {
    isWhole,
    since: isWhole || before === null ? filter.since : before.at,
    steps: Array.from(steps, ([at, step]) => stepOf(at, step)).sort(
      (a, b) => a.at.getTime() - b.at.getTime(),
    ),
    codes,
    refusals,
    scores,
  };
}

function add(counts: Record<string, number>, name: string, count: number): void {
  counts[name] = (counts[name] ?? 0) + count;
}

function stepOf(at: number, { requests, milliseconds, scores }: Step): ActivityStep {
  const sorted = milliseconds.sort((a, b) => a - b);
  const within = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  const latency = { p50: within(0.5), p95: within(0.95), p99: within(0.99) };
  return { at: new Date(at), requests, latency: sorted.length === 0 ? null : latency, scores };
}
