import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { type AuditRun, createAudit, eraseRecord } from '../../console/audit.ts';
import { UsageError } from '../../faults.ts';
import { leaveToWorkers } from '../../jobs/erased.ts';
import { keptHeads, signedHeads } from '../../ledger/kept-heads.ts';
import type { ErasureTarget } from '../../ledger/types.ts';
import type { AreaParts } from './area.ts';
import { actorOf } from './caller.ts';
import { closed, textUpTo } from './shapes.ts';

/** States of a thousand chains. */
const KEPT_BYTES = 2 * 1024 * 1024;

const verifyBody = closed({
  /** What `POST /audit/head` or `livestill ledger head` gave earlier. */
  kept: Type.Optional(Type.Unknown()),
});
const TARGET = {
  pictureSha256: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{64}$' })),
  requestId: Type.Optional(textUpTo(200)),
  reference: Type.Optional(textUpTo(256)),
};
const previewBody = closed(TARGET);
const eraseBody = closed({ ...TARGET, rows: Type.Integer({ minimum: 0 }) });

const AUDIT = { access: 'audit' } as const;
const ERASE = { access: 'erase' } as const;

/**
 * The record of decisions and of changes: is it as written, its signed state, and taking a person out of it.
 */
export async function auditRoutes(app: FastifyInstance, parts: AreaParts): Promise<void> {
  const { console, callers, notReached = () => [], writeAnew = leaveToWorkers } = parts;
  const { chains, ledger } = console.backing;
  const audit = createAudit(chains, console.clock);

  app.post<{ Body: Static<typeof verifyBody> }>(
    '/audit/verification',
    {
      config: AUDIT,
      bodyLimit: KEPT_BYTES,
      schema: { body: verifyBody, summary: 'Go through all chains: is every row what was written?' },
    },
    async (request, reply) => {
      const { kept } = request.body;
      const heads = kept === undefined ? [] : keptHeads(kept, 'kept');
      const run = audit.begin(actorOf(request).name, heads, (err) =>
        app.log.error({ event: 'verification_failed', err }, 'a verification of the chains failed'),
      );
      return reply.code(202).send(runBody(run));
    },
  );
  app.get(
    '/audit/verification',
    { config: AUDIT, schema: { summary: 'The verification that runs, or the last one of this node' } },
    async () => {
      const run = audit.last();
      return run === null ? { state: 'none' } : runBody(run);
    },
  );
  app.post(
    '/audit/head',
    { config: AUDIT, schema: { summary: 'Sign the state of all chains now, to be kept elsewhere' } },
    async () => ({ heads: await signedHeads(chains) }),
  );
  app.post<{ Body: Static<typeof previewBody> }>(
    '/audit/erasure/preview',
    {
      config: { ...ERASE, proof: false },
      schema: {
        body: previewBody,
        summary: 'How many rows, and what beside them, an erasure would take out',
      },
    },
    async ({ body }) => {
      const target = targetOf(body);
      const [rows, [newest], beside] = await Promise.all([
        ledger.count(target),
        ledger.latest(target, 1),
        chains.countBeside(target),
      ]);
      return { rows, beside, newest: newest?.at ?? null, notReached: notReached() };
    },
  );
  app.post<{ Body: Static<typeof eraseBody> }>(
    '/audit/erasure',
    {
      config: ERASE,
      schema: { body: eraseBody, summary: 'Take the rows of a person out for good; answers a proof' },
    },
    async (request) => {
      const changes = callers.changes(request);
      return eraseRecord(
        { ledger, chains, notReached, writeAnew },
        targetOf(request.body),
        request.body.rows,
        (target) => changes.erase(target),
      );
    },
  );
}

function runBody(run: AuditRun) {
  const { startedAt, finishedAt, found, strayed, failure } = run;
  const isRunning = finishedAt === null;
  const isAsWritten = found.every(({ fault }) => fault === null) && strayed.length === 0;
  return {
    state: isRunning ? 'running' : failure === null ? 'done' : 'failed',
    ...{ startedAt, finishedAt, by: run.by, chain: run.chain, kept: run.kept, failure },
    isAsWritten: isRunning || failure !== null ? null : isAsWritten,
    chains: found,
    strayed,
  };
}

/** @throws {UsageError} `erase_target` when not exactly one is given */
function targetOf({ pictureSha256, requestId, reference }: Static<typeof previewBody>): ErasureTarget {
  const targets: ErasureTarget[] = [];
  if (pictureSha256 !== undefined) targets.push({ pictureSha256: pictureSha256.toLowerCase() });
  if (requestId !== undefined) targets.push({ requestId });
  if (reference !== undefined) targets.push({ reference });
  const [target, ...more] = targets;
  if (target === undefined || more.length > 0)
    throw new UsageError('erase_target', 'expected exactly one of pictureSha256, requestId and reference');
  return target;
}
