import { type Kysely, sql } from 'kysely';
import type { Activity, ActivityFilter, ActivityStep } from '../../ledger/search.ts';
import type { Tables } from './tables.ts';

/** Rows that one call counts; a longer period is answered from the newest of them. */
const MOST_ROWS = 200_000;

/** Shares of the histogram of scores. */
const SHARES = 20;

/** The newest rows of the period. The kind of rows of versions without kinds is that of judged ones. */
function rowsOf({ since, until, appid }: ActivityFilter) {
  const ofApp = appid === undefined ? sql`` : sql`and appid = ${appid}`;
  return sql`select at, verdict, code, requests, raw_score, milliseconds, reasons
    from ledger where at >= ${since.getTime()} and at < ${until.getTime()} ${ofApp}
    order by at desc, id desc limit ${MOST_ROWS}`;
}

interface Counted {
  readonly step: number;
  readonly verdict: string | null;
  readonly n: number;
}

interface CountedScore {
  readonly score: number;
  readonly live: number;
  readonly n: number;
}

/** Counts what happened in a period from its newest 200 000 rows. */
export async function countActivity(db: Kysely<Tables>, filter: ActivityFilter): Promise<Activity> {
  const rows = rowsOf(filter);
  const step = sql`(at - at % ${sql.lit(Math.floor(filter.step))})`;
  const sum = sql`sum(coalesce(requests, 1))`;
  const read = async <T>(query: ReturnType<typeof sql>) =>
    (await sql<T>`${query}`.execute(db)).rows as readonly T[];
  const ends = await read<{ n: number; first: number | null }>(
    sql`select count(*) as n, min(at) as first from (${rows}) as r`,
  );
  const counted = await read<Counted>(
    sql`select ${step} as step, verdict, ${sum} as n from (${rows}) as r group by 1, 2 order by 1`,
  );
  const latencies = await read<{ step: number; p50: number; p95: number; p99: number }>(sql`
    select step, min(case when place >= 0.5 * n then milliseconds end) as p50,
      min(case when place >= 0.95 * n then milliseconds end) as p95,
      min(case when place >= 0.99 * n then milliseconds end) as p99
    from (select ${step} as step, milliseconds,
        row_number() over (partition by ${step} order by milliseconds) as place,
        count(*) over (partition by ${step}) as n
      from (${rows}) as r where verdict is not null) as ranked
    group by step`);
  const codes = await read<{ code: number; n: number }>(
    sql`select code, ${sum} as n from (${rows}) as r group by code order by n desc limit 50`,
  );
  const refusals = await read<{ reasons: string; n: number }>(
    sql`select reasons, ${sum} as n from (${rows}) as r where verdict is null group by reasons order by n desc limit 50`,
  );
  const scores = await read<CountedScore>(sql`
    select raw_score as score, sum(case when verdict = 'live' then 1 else 0 end) as live, count(*) as n
    from (${rows}) as r where raw_score is not null and verdict is not null group by raw_score limit 1000`);
  const total = Number(ends[0]?.n ?? 0);
  const first = ends[0]?.first ?? null;
  const isWhole = total < MOST_ROWS;
  return {
    isWhole,
    since: isWhole || first === null ? filter.since : new Date(Number(first)),
    steps: stepsOf(counted, latencies),
    codes: Object.fromEntries(codes.map(({ code, n }) => [String(code), Number(n)])),
    refusals: byFirstReason(refusals),
    scores: histogram(scores),
  };
}

/** Scores are whole numbers from 0 to 100; 100 counts in the last share. */
function histogram(scores: readonly CountedScore[]): Activity['scores'] {
  const shares = Array.from({ length: SHARES }, (_, index) => ({ from: index * 5, live: 0, other: 0 }));
  for (const { score, live, n } of scores) {
    const share = shares[Math.min(SHARES - 1, Math.max(0, Math.floor(Number(score) / 5)))];
    share.live += Number(live);
    share.other += Number(n) - Number(live);
  }
  return shares;
}

function stepsOf(
  counted: readonly Counted[],
  latencies: readonly { step: number; p50: number; p95: number; p99: number }[],
): ActivityStep[] {
  const latencyAt = new Map(latencies.map((one) => [Number(one.step), one]));
  const steps = new Map<number, Record<string, number>>();
  for (const { step, verdict, n } of counted) {
    const requests = steps.get(Number(step)) ?? {};
    steps.set(Number(step), requests);
    requests[verdict ?? 'refused'] = Number(n);
  }
  return Array.from(steps, ([at, requests]) => {
    const found = latencyAt.get(at);
    const latency = found && { p50: Number(found.p50), p95: Number(found.p95), p99: Number(found.p99) };
    return { at: new Date(at), requests, latency: latency ?? null };
  });
}

function byFirstReason(rows: readonly { reasons: string; n: number }[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { reasons, n } of rows) {
    const first = (JSON.parse(reasons) as string[])[0] ?? 'unknown';
    found[first] = (found[first] ?? 0) + Number(n);
  }
  return found;
}
