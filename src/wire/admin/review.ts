import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import {
  LABELLED_HEAD,
  labelledRow,
  REVIEW_STATES,
  type ReviewFilter,
  type ReviewItem,
  type ReviewStore,
} from '../../console/review.ts';
import { UsageError } from '../../faults.ts';
import type { AreaParts } from './area.ts';
import { actorOf } from './caller.ts';
import { cursorOf, pagesOf, placeOf } from './cursor.ts';
import { closed, momentSchema, oneOf, orNull, PAGE, PAGE_QUERY, textUpTo } from './shapes.ts';

const RANGE = {
  app: Type.Optional(textUpTo(64)),
  from: Type.Optional(momentSchema),
  to: Type.Optional(momentSchema),
};
const range = Type.Object(RANGE);
const listQuery = closed({ ...PAGE_QUERY, ...RANGE, state: Type.Optional(oneOf(REVIEW_STATES)) });
const exportQuery = closed({ ...RANGE, state: Type.Optional(oneOf(['marked', 'right', 'wrong'])) });
const params = closed({ requestId: textUpTo(200) });
const markBody = closed({
  mark: orNull(oneOf(['right', 'wrong'])),
  note: Type.Optional(textUpTo(1000, 0)),
  /** Which row, where several have the request id. */
  row: Type.Optional(Type.Integer({ minimum: 1 })),
  ifVersion: Type.Optional(Type.Integer({ minimum: 0 })),
});

/** Rows that the export reads at once. */
const EXPORTED_AT_ONCE = 500;

const ACCESS = { access: 'review' } as const;

const badPlace = (expected: string) => new UsageError('invalid_request', expected);

/** Decisions that the networks did not back: listed, marked right or wrong, exported with labels. */
export async function reviewRoutes(app: FastifyInstance, { console, callers }: AreaParts): Promise<void> {
  const { review } = console.backing;

  app.get<{ Querystring: Static<typeof listQuery> }>(
    '/review',
    { config: ACCESS, schema: { querystring: listQuery, summary: 'Decisions for review, newest first' } },
    async ({ query }) => {
      const { state = 'open', after, limit = PAGE } = query;
      const { items, next } = await review.reviewPage(
        { state, ...rangeOf(query) },
        placeOf(after, badPlace),
        limit,
      );
      return { items: items.map(itemBody), next: next === null ? null : cursorOf(next) };
    },
  );
  app.put<{ Params: Static<typeof params>; Body: Static<typeof markBody> }>(
    '/review/:requestId',
    {
      config: ACCESS,
      schema: { params, body: markBody, summary: 'Mark a decision right or wrong, or take a mark back' },
    },
    async (request) => {
      const { mark, note = '', row = null, ifVersion = null } = request.body;
      const by = actorOf(request).name;
      const changes = callers.changes(request);
      const wanted = { mark, note: note.trim(), by, row, ifVersion };
      return itemBody(await changes.markDecision(request.params.requestId, wanted));
    },
  );
  app.get<{ Querystring: Static<typeof exportQuery> }>(
    '/review/export.csv',
    {
      config: ACCESS,
      schema: {
        querystring: exportQuery,
        summary: 'Marked decisions as labelled rows for "livestill evaluate"',
      },
    },
    async ({ query }, reply) =>
      reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="reviewed.csv"')
        .send(
          Readable.from(await labelledRows(review, { state: query.state ?? 'marked', ...rangeOf(query) })),
        ),
  );
}

function rangeOf({ app, from, to }: Static<typeof range>): Omit<ReviewFilter, 'state'> {
  return {
    appid: app,
    since: from === undefined ? undefined : new Date(from),
    until: to === undefined ? undefined : new Date(to),
  };
}

async function labelledRows(review: ReviewStore, filter: ReviewFilter): Promise<AsyncGenerator<string>> {
  const pages = await pagesOf((before) => review.reviewPage(filter, before, EXPORTED_AT_ONCE));
  return (async function* () {
    yield LABELLED_HEAD;
    for await (const { items } of pages) yield items.map((item) => labelledRow(item) ?? '').join('');
  })();
}

/** What whoever marks a decision needs to know of it; all of it stands on the page of the decision. */
function itemBody({ row, mark }: ReviewItem) {
  const { id, at, requestId, appid, verdict, score, rawScore, reasons, explanation } = row;
  return {
    ...{ row: id, at, requestId, appid, verdict, score, rawScore, reasons },
    threshold: explanation?.threshold ?? null,
    liveProbability: explanation?.liveProbability ?? null,
    profile: explanation?.profile ?? null,
    reference: explanation?.reference ?? null,
    mark: mark?.mark ?? null,
    note: mark?.note ?? '',
    version: mark?.version ?? 0,
    marked: mark === null ? null : { at: mark.at, by: mark.by },
  };
}
