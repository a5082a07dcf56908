import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { Check, Errors } from 'typebox/value';
import type { ApiKeyCaller } from '../../account/api-key/check.ts';
import { Fault, UsageError } from '../../faults.ts';
import { checkResults } from '../../jobs/exports.ts';
import { badPath, isUrl } from '../../jobs/pictures.ts';
import { expanded } from '../../jobs/prefixes.ts';
import { secondsLeft } from '../../jobs/progress.ts';
import { submitBatch } from '../../jobs/submit.ts';
import type { BatchStatus, BatchStore, Submitted } from '../../jobs/types.ts';
import { checkWebhook } from '../../jobs/webhook.ts';
import { isS3, isS3Prefix, placeOf } from '../../storage/place.ts';
import type { ObjectStore } from '../../storage/types.ts';
import { withPermit } from '../decision/admit.ts';
import type { Facts } from '../decision/log.ts';
import type { Envelope } from '../http/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import { hasNul } from '../intake/nul.ts';
import { checkAnnouncedSize, decodingBytes, withBody } from '../intake/read-body.ts';
import { type BatchBody, type BatchRequestBody, batchRequestSchema, MOST_PICTURES } from './batch-schemas.ts';
import { answerOnce, idempotencyKeyOf } from './idempotency.ts';
import type { Language } from './language.ts';
import type { LivenessDeps, Notes } from './liveness.ts';
import { inputType, refuseCoded } from './picture-input.ts';
import { textHeaders } from './problems.ts';
import { jsonEnvelope } from './reply.ts';

/** What the calls about batches work with. */
export interface BatchDeps extends LivenessDeps {
  /** Null where the store is no PostgreSQL database. */
  readonly batches: BatchStore | null;
  /** What the webhooks of an app's batches are signed with; null: no webhook is taken. */
  readonly batchSecretOf: ((appid: string) => string) | null;
  /** Storage that apps read pictures from and get results in; null: `s3://` is refused. */
  readonly appObjects: AppObjects | null;
}

/** S3-compatible storage, and where in it apps have their folders. */
export interface AppObjects {
  readonly objects: ObjectStore;
  /** `bucket` or `bucket/folder`. */
  readonly prefix: string;
}

/** A call about one batch, or about all of an app. */
export interface BatchCall {
  readonly batchId: string | null;
  readonly what: 'one' | 'results' | 'cancel' | 'pause' | 'resume';
}

/** Bytes of a body with a list. */
const LONGEST_BODY = 4 * 1024 * 1024;
/** Batches in a list, and results in a page, at most. */
const MOST_LISTED = 100;
const MOST_RESULTS = 1000;

/** The call that a path under `/v1/batches` names; null: there is none. */
export function batchCallOf(path: string): BatchCall | null {
  const [, id, what = 'one'] =
    /^\/v1\/batches(?:\/([0-9a-f-]{36})(?:\/(results|cancel|pause|resume))?)?$/.exec(path) ?? [];
  if (id === undefined && path !== '/v1/batches') return null;
  return { batchId: id ?? null, what: what as BatchCall['what'] };
}

/** The method that a call takes. */
export function methodsOf({ batchId, what }: BatchCall): readonly ('GET' | 'POST')[] {
  if (batchId === null) return ['GET', 'POST'];
  return what === 'one' || what === 'results' ? ['GET'] : ['POST'];
}

/**
 * Answers a call about batches; the key needs the scope `batch`.
 * @throws {Fault} when it is refused
 * @throws {RequestAborted} when the caller went away
 */
export async function answerBatches(
  deps: BatchDeps,
  call: BatchCall,
  exchange: Exchange,
  language: Language,
  { facts }: Notes,
): Promise<Envelope> {
  const { request, callerAddress } = exchange;
  const { authorization } = request.headers;
  const caller = await deps.apiKeys.authenticate({ authorization, callerAddress, scope: 'batch' });
  const { appid } = caller.app;
  facts.appid = appid;
  facts.secretId = caller.keyId;
  const { batches } = deps;
  if (batches === null) {
    throw new Fault(
      'batches_unavailable',
      'batches_unavailable',
      'Batches need a PostgreSQL database as the store of this server.',
    );
  }
  const headers = textHeaders(language);
  const query = new URLSearchParams((request.url ?? '').split('?', 2)[1] ?? '');
  const { batchId, what } = call;
  if (batchId === null) {
    if (request.method === 'POST') {
      return withPermit(deps.limiter, caller.app, () =>
        submit({ ...deps, batches }, exchange, caller, { language, facts }),
      );
    }
    const found = await batches.list({ appid }, wholeNumber(query, 'limit', 50, MOST_LISTED));
    return jsonEnvelope({ batches: found.map(bodyOf) }, headers);
  }
  const status = await find(batches, batchId, appid);
  if (what === 'one') return jsonEnvelope(bodyOf(status), headers);
  if (what === 'results') {
    const after = wholeNumber(query, 'after', 0, Number.MAX_SAFE_INTEGER);
    return jsonEnvelope(
      await resultsOf(batches, batchId, after, wholeNumber(query, 'limit', 100, MOST_RESULTS)),
      headers,
    );
  }
  if (!(await batches.change(batchId, what))) {
    throw new Fault(
      'batch_over',
      'batch_over',
      `The batch is ${status.state}: it cannot be changed any more.`,
    );
  }
  return jsonEnvelope(bodyOf(await find(batches, batchId, appid)), headers);
}

async function find(batches: BatchStore, batchId: string, appid: string): Promise<BatchStatus> {
  const found = await batches.find(batchId, appid);
  if (found === null) throw new Fault('path_unknown', 'not_found', 'The app has no such batch.');
  return found;
}

/** A batch as callers see it. */
export function bodyOf(status: BatchStatus): BatchBody {
  const { batchId, name, state, priority, pictures, judged, refused, failed } = status;
  return {
    batchId,
    name,
    state,
    priority,
    pictures,
    judged,
    refused,
    failed,
    createdAt: status.createdAt.toISOString(),
    begunAt: status.begunAt?.toISOString() ?? null,
    finishedAt: status.finishedAt?.toISOString() ?? null,
    secondsLeft: secondsLeft(status, Date.now()),
    webhook: status.webhookState,
    results: status.results,
    resultsState: status.resultsState,
  };
}

async function resultsOf(batches: BatchStore, batchId: string, after: number, limit: number) {
  const page = await batches.results(batchId, after, limit);
  return {
    results: page.map(({ row, result }) => ({ row, result: JSON.parse(result) as unknown })),
    next: page.length < limit ? null : (page.at(-1)?.row ?? null),
  };
}

function wholeNumber(query: URLSearchParams, name: string, otherwise: number, most: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  const least = name === 'limit' ? 1 : 0;
  if (value >= least && value <= most) return value;
  throw malformed(`${name} must be a whole number from ${least} to ${most}.`);
}

const malformed = (detail: string) => new Fault('request_malformed', 'schema', detail);

async function submit(
  deps: BatchDeps & { readonly batches: BatchStore },
  exchange: Exchange,
  caller: ApiKeyCaller,
  { language, facts }: { readonly language: Language; readonly facts: Facts },
): Promise<Envelope> {
  const { request } = exchange;
  const limit = Math.min(deps.maxBodyBytes, LONGEST_BODY);
  checkAnnouncedSize(request, limit);
  refuseCoded(request.headers['content-encoding']);
  if (inputType(request.headers['content-type']).kind !== 'json') {
    throw new Fault('media_type_unsupported', 'content_type', 'The Content-Type must be application/json.');
  }
  const key = idempotencyKeyOf(request.headers['idempotency-key']);
  const { appid } = caller.app;
  exchange.wantBody();
  return withBody(deps.bodies, request, { limit, owner: `app ${appid}` }, async (bytes, hold) => {
    hold.add(decodingBytes('application/json', bytes));
    const asked = parse(bytes);
    const { pictures, name = '', priority = 0, webhook, results } = asked;
    const own = ownObjects(deps.appObjects, appid);
    const submitted = submittedOf(pictures, appid, own);
    const order = {
      appid,
      secretId: caller.keyId,
      name,
      priority,
      webhook: webhook === undefined ? null : webhookOf(webhook, deps.batchSecretOf !== null),
      results: results === undefined ? null : resultsOfApp(results, own),
      traceparent: facts.call?.traceparent ?? null,
    };
    const make = async () => {
      const all = await allPictures(submitted, deps.appObjects);
      await deps.limiter.countPictures(caller.app, all.length);
      const batchId = await submitBatch(deps.batches, order, all);
      const body = bodyOf(await find(deps.batches, batchId, appid));
      return { envelope: jsonEnvelope(body, textHeaders(language)), keep: true };
    };
    if (key === null) return (await make()).envelope;
    const fingerprint = createHash('sha256').update('batch\n').update(bytes).digest('hex');
    return answerOnce(deps, { appid, key }, fingerprint, make);
  });
}

function parse(bytes: Buffer): BatchRequestBody {
  let value: unknown;
  try {
    if (!isUtf8(bytes)) throw new SyntaxError('no UTF-8');
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Fault(
      'request_malformed',
      'bad_json',
      `The ${bytes.length} bytes of the body do not parse as JSON.`,
    );
  }
  if (hasNul(value)) throw malformed('Texts must be without NUL characters.');
  if (Check(batchRequestSchema, value)) return value;
  const [error] = Errors(batchRequestSchema, value);
  const place = error?.instancePath ?? '';
  throw malformed(`${place === '' ? 'The body' : place.slice(1)} ${error?.message ?? 'is not as expected'}.`);
}

/** What the names of an app's own objects begin with; null where apps have none. */
function ownObjects(of: AppObjects | null, appid: string): string | null {
  return of === null ? null : `s3://${of.prefix}/${appid}/`;
}

const isOwnObject = (text: string, own: string) => text.startsWith(own) && placeOf(text) !== null;

/** The pictures in order, checked; a group stands in one place. */
function submittedOf(
  pictures: BatchRequestBody['pictures'],
  appid: string,
  own: string | null,
): readonly Submitted[] {
  const ended = new Set<string>();
  let current: string | undefined;
  return pictures.map((one, i) => {
    const submitted: Submitted = typeof one === 'string' ? { picture: one } : one;
    const { picture, group } = submitted;
    checkPicture(picture, appid, own, i);
    if (group !== current) {
      if (current !== undefined) ended.add(current);
      if (group !== undefined && ended.has(group))
        throw malformed(`pictures/${i}: the pictures of a group must follow each other.`);
      current = group;
    }
    return submitted;
  });
}

/** An app reads its own folder alone: what is judged there says something of the picture. */
function checkPicture(picture: string, appid: string, own: string | null, at: number): void {
  const place = `pictures/${at}`;
  if (isS3(picture)) {
    if (own === null) throw malformed(`${place}: this server reads no s3:// of apps.`);
    if (!isOwnObject(picture, own)) throw malformed(`${place} must begin with ${own} and lead nowhere else.`);
    return;
  }
  if (isUrl(picture)) {
    if (!URL.canParse(picture)) throw malformed(`${place} is no url.`);
    return;
  }
  if (badPath(picture) !== null || !picture.startsWith(`${appid}/`)) {
    throw malformed(`${place} must be a url, or a path that begins with ${appid}/ and leads nowhere else.`);
  }
}

function resultsOfApp(text: string, own: string | null): string {
  if (own === null) throw malformed('results: this server writes no results of apps to s3://.');
  try {
    const place = checkResults(text);
    if (isOwnObject(place, own)) return place;
  } catch (error) {
    if (error instanceof UsageError) throw malformed(`results: ${error.message}.`);
    throw error;
  }
  throw malformed(`results must begin with ${own} and lead nowhere else.`);
}

/** All pictures, those below prefixes among them. */
async function allPictures(
  submitted: readonly Submitted[],
  of: AppObjects | null,
): Promise<readonly Submitted[]> {
  if (!submitted.some(({ picture }) => isS3Prefix(picture))) return submitted;
  const all: Submitted[] = [];
  for (const still of submitted) {
    for await (const picture of expanded(still.picture, of?.objects ?? null)) {
      all.push({ ...still, picture });
      if (all.length > MOST_PICTURES)
        throw malformed(`pictures: there are more than ${MOST_PICTURES} below the folders that they name.`);
    }
  }
  if (all.length === 0) throw malformed('pictures: there are none below the folders that they name.');
  return all;
}

function webhookOf(url: string, isSigned: boolean): string {
  try {
    return checkWebhook(url, isSigned);
  } catch (error) {
    if (error instanceof UsageError) throw malformed(`webhook: ${error.message}.`);
    throw error;
  }
}
