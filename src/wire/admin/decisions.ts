import { Readable } from 'node:stream';
import { type Static, Type } from 'typebox';
import { Refusal } from '../../console/refusal.ts';
import { Fault } from '../../faults.ts';
import { type ExportFormat, exportLines } from '../../ledger/export.ts';
import type { FoundPage, LedgerOverview, LedgerSearch } from '../../ledger/search.ts';
import type { Chains, LedgerReader, StoredLedgerRow } from '../../ledger/types.ts';
import { chooseLanguage, type Language } from '../v1/language.ts';
import { knownReasonTexts } from '../v1/reason-texts.ts';
import type { AdminArea } from './area.ts';
import { answerFaultsAsV1 } from './area-faults.ts';
import { cursorOf, pagesOf, placeOf } from './cursor.ts';
import { closed, isMoment } from './shapes.ts';

/** What the ledger's pages are made of. */
export interface DecisionsDeps {
  readonly ledger: LedgerReader & LedgerOverview;
  readonly chains: Pick<Chains, 'names'>;
}

const Time = Type.Refine(
  Type.String({ format: 'date-time' }),
  // A leap second is a time, and no date can be it.
  isMoment,
  () => 'must be a moment that a clock shows',
);
const FILTER = {
  from: Type.Optional(Time),
  to: Type.Optional(Time),
  app: Type.Optional(Type.String({ maxLength: 64 })),
  verdict: Type.Optional(Type.Enum(['live', 'attack', 'poor_quality', 'no_face'])),
  kind: Type.Optional(Type.Enum(['judged', 'download_refused', 'request_refused'])),
  reason: Type.Optional(Type.String({ maxLength: 64 })),
  requestId: Type.Optional(Type.String({ maxLength: 200 })),
  reference: Type.Optional(Type.String({ maxLength: 256 })),
  pictureSha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
  minScore: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  maxScore: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  review: Type.Optional(Type.Boolean()),
};
const ExportQuery = closed(FILTER);
const Query = closed({
  ...FILTER,
  after: Type.Optional(Type.String({ maxLength: 64 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
});
const Params = Type.Object({ requestId: Type.String({ minLength: 1, maxLength: 200 }) });

const EXPORT_TYPE = { csv: 'text/csv; charset=utf-8', ndjson: 'application/x-ndjson' } as const;
const EXPORT_SUMMARY = {
  csv: 'All decisions of a search as CSV, the newest first',
  ndjson: 'All decisions of a search, one JSON object a line, the newest first',
} as const;
/** Rows that an export reads at once, and exports at the same time. */
const EXPORTED_AT_ONCE = 200;
const MOST_EXPORTS = 4;

const ACCESS = { config: { access: 'decisions' } } as const;

/** `GET /decisions`, a page of the ledger, the newest first, and `GET /decisions/{requestId}`. */
export function decisionArea({ ledger, chains }: DecisionsDeps): AdminArea {
  const running = { count: 0 };
  return async (app, { callers }) => {
    answerFaultsAsV1(app);
    app.get<{ Querystring: Static<typeof Query> }>(
      '/decisions',
      { ...ACCESS, schema: { querystring: Query, summary: 'Decisions, the newest first' } },
      async ({ query }) => {
        const { rows, next } = await ledger.search(
          searchOf(query),
          placeOf(query.after, badPlace),
          query.limit ?? 50,
        );
        return { items: rows.map(summary), next: next === null ? null : cursorOf(next) };
      },
    );
    for (const format of ['csv', 'ndjson'] as const) {
      app.get<{ Querystring: Static<typeof ExportQuery> }>(
        `/decisions.${format}`,
        { ...ACCESS, schema: { querystring: ExportQuery, summary: EXPORT_SUMMARY[format] } },
        async (request, reply) => {
          const lines = await exported(ledger, searchOf(request.query), format, running);
          const after = { format, filter: request.query, toFile: false };
          const entry = { action: 'ledger.export', target: '', before: null, after } as const;
          try {
            await callers.changes(request).noteChange(entry);
          } catch (error) {
            lines.destroy();
            throw error;
          }
          return reply
            .type(EXPORT_TYPE[format])
            .header('content-disposition', `attachment; filename="decisions.${format}"`)
            .send(lines);
        },
      );
    }
    app.get<{ Params: Static<typeof Params> }>(
      '/decisions/:requestId',
      { ...ACCESS, schema: { params: Params, summary: 'All rows of a request, explained' } },
      async ({ params: { requestId }, headers }) => {
        const rows = await ledger.latest({ requestId }, 20);
        if (rows.length === 0) {
          throw new Fault('path_unknown', 'not_found', 'No decision with this request id is kept.');
        }
        const language = chooseLanguage(headers['accept-language']);
        return { items: await Promise.all(rows.map((row) => inFull(row, language, chains))) };
      },
    );
  };
}

function searchOf(query: Static<typeof ExportQuery>): LedgerSearch {
  const { from, to, app, verdict, kind, reason, requestId, reference, pictureSha256 } = query;
  const { minScore, maxScore, review } = query;
  return {
    since: from === undefined ? undefined : new Date(from),
    until: to === undefined ? undefined : new Date(to),
    appid: app,
    verdict: verdict as LedgerSearch['verdict'],
    kind: kind as LedgerSearch['kind'],
    reason,
    requestId,
    reference,
    pictureSha256,
    minScore,
    maxScore,
    review: review === true ? true : undefined,
  };
}

/**
 * All rows of a search as lines, the newest first.
 * @throws {Refusal} `too_many_calls`
 */
async function exported(
  ledger: LedgerOverview,
  search: LedgerSearch,
  format: ExportFormat,
  running: { count: number },
): Promise<Readable> {
  if (running.count >= MOST_EXPORTS)
    throw new Refusal('too_many_calls', `${MOST_EXPORTS} exports run already.`, 10);
  running.count++;
  const end = () => running.count--;
  try {
    const pages = await pagesOf((before) => ledger.search(search, before, EXPORTED_AT_ONCE));
    return Readable.from(exportLines(rowsOf(pages), format)).once('close', end);
  } catch (error) {
    end();
    throw error;
  }
}

async function* rowsOf(pages: AsyncIterable<FoundPage>): AsyncGenerator<StoredLedgerRow> {
  for await (const { rows } of pages) yield* rows;
}

const badPlace = (expected: string) => new Fault('request_malformed', 'schema', `${expected}.`);

function summary(row: StoredLedgerRow) {
  const { at, requestId, appid, kind, requests, code, verdict, score, rawScore, reasons, milliseconds } = row;
  return {
    ...{ at: at.toISOString(), requestId, appid, kind, requests, code, verdict, score, rawScore, reasons },
    milliseconds,
    threshold: row.explanation?.threshold ?? null,
    review: row.explanation?.review ?? null,
    reference: row.explanation?.reference ?? null,
  };
}

async function inFull(row: StoredLedgerRow, language: Language, chains: DecisionsDeps['chains']) {
  const { secretId, source, pictureBytes, pictureSha256, callerAddress, models, explanation, id, hash } = row;
  const found = hash === null ? [] : (await chains.names(id)).filter((name) => name !== 'admin');
  return {
    ...summary(row),
    ...{ secretId, source, pictureBytes, pictureSha256, callerAddress, models, explanation },
    texts: row.reasons.map((code) => ({ code, ...knownReasonTexts(code, language) })),
    chain: { row: id, hash, names: found },
  };
}
