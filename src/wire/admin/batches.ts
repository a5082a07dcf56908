import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { Fault, UsageError } from '../../faults.ts';
import { secondsLeft } from '../../jobs/progress.ts';
import { resultLines, writeResultsFile } from '../../jobs/results.ts';
import type { BatchOrder, BatchStatus, BatchStore } from '../../jobs/types.ts';
import { checkWebhook } from '../../jobs/webhook.ts';
import { needApp } from './apps.ts';
import type { AdminArea, AreaParts } from './area.ts';
import { answerFaultsAsV1 } from './area-faults.ts';
import { actorOf } from './caller.ts';
import { closed, idParams, oneOf, PAGE, PAGE_QUERY, pageOf, textUpTo } from './shapes.ts';

/** What the pages of batches work with. */
export interface BatchesDeps {
  /** Null where the store is no PostgreSQL database. */
  readonly batches: BatchStore | null;
  /**
   * Submits the pictures that a list names.
   * @param list path of a file; one that ends in `.csv` is a table with a header
   * @returns the batch's id
   * @throws {UsageError} where a line of it is wrong
   */
  readonly submit: (order: BatchOrder, list: string) => Promise<string>;
  /** Whether paths are read, below `batch.picturesDir`. */
  readonly readsPaths: boolean;
  /** False: no webhook is taken. */
  readonly signsWebhooks: boolean;
}

const listQuery = closed({ app: Type.Optional(textUpTo(15)), ...PAGE_QUERY });
const submitQuery = closed({
  app: textUpTo(15),
  name: Type.Optional(textUpTo(200, 0)),
  priority: Type.Optional(Type.Integer({ minimum: -9, maximum: 9 })),
  webhook: Type.Optional(textUpTo(2048, 0)),
  /** What the list is called; one that ends in `.csv` is a table with a header. */
  file: Type.Optional(textUpTo(255)),
});
const resultsQuery = closed({
  after: Type.Optional(Type.Integer({ minimum: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
});
const changeParams = closed({ id: textUpTo(200), change: oneOf(['pause', 'resume', 'cancel']) });
const FORMATS = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
} as const;
type Format = keyof typeof FORMATS;
const fileParams = closed({ id: textUpTo(200), format: oneOf(Object.keys(FORMATS) as Format[]) });

/** Bytes of a list: some million rows. */
const LONGEST_LIST = 256 * 1024 * 1024;
const BATCHES = { config: { access: 'batches' } } as const;

/** Batches of the job queue: those of `POST /v1/batches` and `livestill batch submit`. */
export function batchesArea(deps: BatchesDeps): AdminArea {
  return async (app, parts) => {
    answerFaultsAsV1(app);
    // A list is any text: it goes to a file as it comes.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    readRoutes(app, deps);
    changeRoutes(app, deps, parts);
  };
}

/** @throws {Fault} `batches_unavailable` */
function needQueue({ batches }: BatchesDeps): BatchStore {
  if (batches !== null) return batches;
  throw new Fault(
    'batches_unavailable',
    'batches_unavailable',
    'Batches need a PostgreSQL database as the store of this server.',
  );
}

/** @throws {UsageError} `batch_unknown` */
async function find(batches: BatchStore, batchId: string): Promise<BatchStatus> {
  const found = await batches.find(batchId);
  if (found !== null) return found;
  throw new UsageError('batch_unknown', 'there is no such batch');
}

const bodyOf = (status: BatchStatus) => ({ ...status, secondsLeft: secondsLeft(status, Date.now()) });

function readRoutes(app: FastifyInstance, deps: BatchesDeps): void {
  const { readsPaths, signsWebhooks } = deps;
  app.get<{ Querystring: Static<typeof listQuery> }>(
    '/batches',
    { ...BATCHES, schema: { querystring: listQuery, summary: 'The batches, newest first' } },
    async ({ query }) => {
      const { app: appid, after, limit = PAGE } = query;
      const found = await needQueue(deps).list({ appid, after }, limit + 1);
      const page = pageOf(found, limit, ({ batchId }) => batchId);
      const takes = { paths: readsPaths, webhooks: signsWebhooks };
      return { items: page.items.map(bodyOf), next: page.next, takes };
    },
  );
  app.get<{ Params: Static<typeof idParams> }>(
    '/batches/:id',
    { ...BATCHES, schema: { params: idParams, summary: 'How far a batch is' } },
    async ({ params }) => bodyOf(await find(needQueue(deps), params.id)),
  );
  app.get<{ Params: Static<typeof idParams>; Querystring: Static<typeof resultsQuery> }>(
    '/batches/:id/results',
    {
      ...BATCHES,
      schema: { params: idParams, querystring: resultsQuery, summary: 'A page of results, by row' },
    },
    async ({ params, query }) => {
      const batches = needQueue(deps);
      await find(batches, params.id);
      const { after = 0, limit = PAGE } = query;
      const found = await batches.results(params.id, after, limit + 1);
      const page = pageOf(found, limit, ({ row }) => String(row));
      const items = page.items.map(({ row, result }) => ({ row, ...(JSON.parse(result) as object) }));
      return { items, next: page.next };
    },
  );
  app.get<{ Params: Static<typeof fileParams> }>(
    '/batches/:id/results/:format',
    { ...BATCHES, schema: { params: fileParams, summary: 'All results so far as a file' } },
    async ({ params: { id, format } }, reply) => {
      const batches = needQueue(deps);
      await find(batches, id);
      reply
        .type(FORMATS[format])
        .header('content-disposition', `attachment; filename="batch-${id}.${format}"`);
      return reply.send(await resultsStream(batches, id, format));
    },
  );
}

/** The results as they are read, or from a file that goes when it was sent. */
async function resultsStream(batches: BatchStore, batchId: string, format: Format): Promise<Readable> {
  if (format === 'ndjson') return Readable.from(resultLines(batches, batchId), { objectMode: false });
  return withFolder(async (folder) => {
    const path = join(folder, `results.${format}`);
    await writeResultsFile(batches, batchId, path, format);
    const stream = createReadStream(path);
    stream.once('close', () => void rm(folder, { recursive: true, force: true }).catch(() => {}));
    return stream;
  });
}

/** A temporary folder, which goes where the work with it fails. */
async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-batch-'));
  try {
    return await work(folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function changeRoutes(app: FastifyInstance, deps: BatchesDeps, parts: AreaParts): void {
  app.post<{ Querystring: Static<typeof submitQuery> }>(
    '/batches',
    {
      ...BATCHES,
      bodyLimit: LONGEST_LIST,
      schema: { querystring: submitQuery, summary: 'Submit a list of urls or paths: the body' },
    },
    (request, reply) => submit(deps, parts, request, reply),
  );
  app.post<{ Params: Static<typeof changeParams> }>(
    '/batches/:id/:change',
    { ...BATCHES, schema: { params: changeParams, summary: 'Pause a batch, go on with it, or cancel it' } },
    async (request) => {
      const batches = needQueue(deps);
      const { id, change } = request.params;
      const before = await find(batches, id);
      if (!(await batches.change(id, change)))
        throw new UsageError('batch_over', `the batch is ${before.state}: it cannot be changed any more`);
      const after = await find(batches, id);
      await parts.callers.changes(request).noteChange({
        action: `batch.${change}`,
        target: id,
        before: { state: before.state },
        after: { state: after.state },
      });
      return bodyOf(after);
    },
  );
}

async function submit(
  deps: BatchesDeps,
  parts: AreaParts,
  request: FastifyRequest<{ Querystring: Static<typeof submitQuery> }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const batches = needQueue(deps);
  const { app: appid, name = '', priority = 0, webhook = '', file = 'list' } = request.query;
  await needApp(parts, appid);
  const order: BatchOrder = {
    appid,
    secretId: actorOf(request).name,
    name,
    priority,
    webhook: webhook === '' ? null : checkWebhook(webhook, deps.signsWebhooks),
    results: null,
  };
  const batchId = await withList(request.body, file, (path) => deps.submit(order, path));
  const status = await find(batches, batchId);
  await parts.callers.changes(request).noteChange({
    action: 'batch.submit',
    target: batchId,
    before: null,
    after: { appid, name, priority, pictures: status.pictures },
  });
  return reply.code(201).send(bodyOf(status));
}

/**
 * Keeps a body in a file for as long as `work` takes.
 * @throws {UsageError} `no_list`, `list_too_large`, and those of `work`, with the caller's name of the list
 */
async function withList<T>(body: unknown, name: string, work: (path: string) => Promise<T>): Promise<T> {
  if (!(body instanceof Readable)) throw new UsageError('no_list', 'expected a list in the body, found none');
  return withFolder(async (folder) => {
    const path = join(folder, /\.csv$/i.test(name) ? 'list.csv' : 'list');
    try {
      await pipeline(body, upTo(LONGEST_LIST), createWriteStream(path, { mode: 0o600 }));
      return await work(path);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(error.reason, error.message.replaceAll(path, name), { cause: error });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

function upTo(limit: number) {
  return async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let length = 0;
    for await (const chunk of chunks) {
      length += chunk.length;
      if (length > limit)
        throw new UsageError('list_too_large', `a list has at most ${limit / 1024 ** 2} MiB`);
      yield chunk;
    }
  };
}
