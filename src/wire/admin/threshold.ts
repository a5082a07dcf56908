import { type Static, Type } from 'typebox';
import { UsageError } from '../../faults.ts';
import type { Scores } from '../../ledger/scores.ts';
import { histogramOf, probabilitiesOf, whatIf } from '../../ledger/scores.ts';
import type { LedgerOverview } from '../../ledger/search.ts';
import type { ReviewByProfile } from '../../liveness/review.ts';
import type { OperatingTable } from '../v1/operating-points.ts';
import { readUpload, tablesOf } from '../v1/uploaded-points.ts';
import type { AdminArea } from './area.ts';
import { actorOf } from './caller.ts';
import { remembered } from './remembered.ts';
import { closed, momentSchema, orNull, textUpTo } from './shapes.ts';

/** What the page of the threshold is made of. */
export interface ThresholdDeps {
  readonly ledger: Pick<LedgerOverview, 'scores'>;
  readonly clock: () => number;
  /** The tables of the server: from its settings, then the published ones. */
  readonly tables: readonly OperatingTable[];
  /** The limits of review that count on this server, by profile; null: nothing is for review. */
  readonly reviewLimits: ReviewByProfile;
}

const RANGE = {
  app: Type.Optional(textUpTo(15)),
  from: Type.Optional(momentSchema),
  to: Type.Optional(momentSchema),
};
const query = closed(RANGE);
const hundredth = Type.Number({ minimum: 0, maximum: 1, multipleOf: 0.01 });
const whatIfBody = closed({
  ...RANGE,
  threshold: Type.Integer({ minimum: 0, maximum: 100 }),
  review: Type.Optional(orNull(closed({ low: hundredth, high: hundredth }))),
});
type Range = Static<typeof query>;

const DAY = 86_400_000;
const DAYS = 30;
/** What was counted for one picture of a page serves the moves of its threshold too. */
const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 16;
/** Points of a hundred thresholds and some dozens of species. */
const UPLOAD_LIMIT = 4 * 1024 * 1024;

const ACCESS = { access: 'threshold' } as const;

/** `GET /scores`, `POST /scores/what-if` and `/operating-points`. */
export function thresholdArea(deps: ThresholdDeps): AdminArea {
  const { ledger, clock, tables, reviewLimits } = deps;
  const scoresOf = remembered<Scores>({ clock, forMs: REMEMBERED_MS, most: MOST_REMEMBERED });

  const counted = async (range: Range) => {
    const { since, until, appid } = filterOf(range, clock());
    const name = JSON.stringify([appid ?? null, since.getTime(), until.getTime()]);
    const scores = await scoresOf(name, () => ledger.scores({ since, until, appid }));
    const { isWhole, rows, scored } = scores;
    return { scores, about: { from: scores.since, to: until, isWhole, rows, scored } };
  };

  return async (app, { console, callers, defaults }) => {
    const { ownPoints } = console.backing;
    const shown = async () => {
      const own = await ownPoints.findOwnPoints();
      const uploaded = own === null ? null : { at: own.at, by: own.by };
      return { uploaded, tables: tablesOf(own, tables) };
    };

    app.get<{ Querystring: Range }>(
      '/scores',
      {
        config: ACCESS,
        schema: { querystring: query, summary: 'Histograms of raw scores and probabilities' },
      },
      async ({ query: range }) => {
        const { scores, about } = await counted(range);
        const { threshold, profile } = defaults;
        const app = range.app === undefined ? null : await console.backing.accounts.findApp(range.app);
        return {
          ...about,
          bins: histogramOf(scores.cells),
          probabilities: probabilitiesOf(scores.cells),
          server: { threshold, profile, review: reviewLimits[profile] ?? null },
          app: app && { threshold: app.policy.threshold, review: app.policy.review },
        };
      },
    );
    app.post<{ Body: Static<typeof whatIfBody> }>(
      '/scores/what-if',
      {
        config: ACCESS,
        schema: { body: whatIfBody, summary: 'What another threshold would have done to past pictures' },
      },
      async ({ body }) => {
        const { threshold, review = null, ...range } = body;
        if (review !== null && review.low >= review.high)
          throw new UsageError('invalid_request', 'review: "low" must be below "high"');
        const { scores, about } = await counted(range);
        return { ...about, threshold, review, ...whatIf(scores.cells, threshold, review) };
      },
    );
    app.get(
      '/operating-points',
      { config: ACCESS, schema: { summary: 'What thresholds were measured to do' } },
      shown,
    );
    app.put<{ Body: unknown }>(
      '/operating-points',
      {
        config: ACCESS,
        bodyLimit: UPLOAD_LIMIT,
        schema: {
          body: Type.Unknown(),
          summary: 'Take what "livestill evaluate" measured as this installation\'s own',
        },
      },
      async (request) => {
        const upload = readUpload(request.body, actorOf(request).name);
        await callers.changes(request).setOwnPoints(upload);
        return shown();
      },
    );
    app.delete(
      '/operating-points',
      { config: ACCESS, schema: { summary: 'Forget the uploaded ones' } },
      async (request, reply) => {
        await callers.changes(request).setOwnPoints(null);
        return reply.code(204).send();
      },
    );
  };
}

/** @throws {UsageError} `invalid_request` */
function filterOf({ app, from, to }: Range, now: number) {
  const until = to === undefined ? new Date(now) : new Date(to);
  const since = from === undefined ? new Date(until.getTime() - DAYS * DAY) : new Date(from);
  if (!(since < until)) throw new UsageError('invalid_request', '"to" must be later than "from"');
  return { since, until, appid: app };
}
