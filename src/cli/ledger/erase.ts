import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type BatchErasure, type ErasableBatch, openErasable } from '../../batch/erase.ts';
import { UsageError } from '../../faults.ts';
import { writeAnewWith } from '../../jobs/erased.ts';
import { resultsNotReached, type WriteAnew } from '../../ledger/erased-results.ts';
import { type ErasureProof, proofOf } from '../../ledger/erasure-proof.ts';
import type { ErasureTarget } from '../../ledger/types.ts';
import { count } from '../../report/count.ts';
import { copiesIn } from '../../store/core/data-folder.ts';
import type { Store } from '../../store/open.ts';
import { gather } from '../shared/arguments.ts';
import { objectsOf } from '../shared/objects.ts';
import { type DataOptions, dataCommand, withStore } from '../shared/open-store.ts';
import { type Outcome, perform } from '../shared/outcome.ts';

interface EraseOptions extends DataOptions {
  readonly json?: boolean;
  readonly pictureSha256?: string;
  readonly requestId?: string;
  readonly reference?: string;
  readonly batch?: readonly string[];
  readonly yes?: boolean;
}

/** A worker that writes results at this moment is done, or lost, after this time. */
const WAIT_FOR_WORKER_MS = 75_000;

/** Adds `livestill ledger erase`. */
export function registerErase(parent: Command): void {
  dataCommand(parent, 'erase', 'take the rows of a person out for good, and print a proof')
    .option('--picture-sha256 <hash>', 'of this picture')
    .option('--request-id <id>', 'of this request')
    .option('--reference <text>', 'with this reference of the caller (header X-Reference)')
    .option('--batch <file>', 'also from these results of "livestill batch", may be repeated', gather)
    .option('--yes', 'yes, erase them')
    .addHelpText(
      'after',
      `
Rows, results of batches, sessions, kept answers to an Idempotency-Key, and what the write-ahead log still holds of them go,
also where the ledger has no row of them (the service failed, or the row went by age). Each row leaves its place in
the chain: two hashes that say nothing of its content. With --batch (what was --out of the batch) the rows of the same pictures,
by SHA-256, go from its results; tables are made anew, its page, which shows pictures, is deleted. A batch must not
be running on them. Results of "livestill batch submit" that were written to s3://… are written anew without the rows; where
that fails they are named, the exit status is 1, and workers go on trying. Copies are not reached: backups, exports,
collected logs, earlier versions of objects; those in the data folder are named.`,
    )
    .action((options: EraseOptions, command: Command) =>
      perform(command, options, () =>
        withStore(options, false, async (store, config): Promise<Outcome> => {
          const { dataDir } = config;
          const target = targetOf(options);
          const batches: ErasableBatch[] = [];
          try {
            // All claimed before anything goes: a batch that runs refuses the whole.
            for (const file of new Set((options.batch ?? []).map((one) => resolve(one))))
              batches.push(await openErasable(file));
            const objects = objectsOf(config);
            const writeAnew = writeAnewWith({ batches: store.batches, objects }, WAIT_FOR_WORKER_MS);
            return await erase(store, target, batches, { yes: options.yes === true, dataDir, writeAnew });
          } finally {
            for (const one of batches) await one.release();
          }
        }),
      ),
    );
}

async function erase(
  { ledger, chains }: Store,
  target: ErasureTarget,
  batches: readonly ErasableBatch[],
  {
    yes,
    dataDir,
    writeAnew,
  }: { readonly yes: boolean; readonly dataDir: string; readonly writeAnew: WriteAnew },
): Promise<Outcome> {
  const rows = await ledger.count(target);
  const pictures = new Set('pictureSha256' in target ? [target.pictureSha256] : []);
  for await (const row of ledger.read(target)) {
    if (/^[0-9a-f]{64}$/.test(row.pictureSha256)) pictures.add(row.pictureSha256);
    // By one picture: the others of a row that it is a still of were not asked for.
    if ('pictureSha256' in target) continue;
    for (const { sha256 } of row.explanation?.stills ?? []) pictures.add(sha256);
  }
  if (!yes) {
    let inBatches = 0;
    for (const one of batches) inBatches += await one.count(pictures);
    const beside = await chains.countBeside(target);
    const also = [
      ...(beside === 0 ? [] : [` and ${count(beside, 'record')} beside them`]),
      ...(batches.length === 0 ? [] : [` and ${count(inBatches, 'row')} of batches`]),
    ].join('');
    throw new UsageError('not_confirmed', `${count(rows, 'row')}${also} would be erased for good: add --yes`);
  }
  // The batches first: should one fail, the rows that say which pictures they are remain, and the command can
  // be given again.
  const fromBatches: BatchErasure[] = [];
  for (const one of batches) {
    const done = await one.erase(pictures);
    fromBatches.push(done);
    const { journal, ...after } = done;
    await chains.note({ action: 'batch.erase', target: journal, before: null, after });
  }
  const copies = copiesIn(dataDir);
  const proven = await proofOf(await chains.erase(target), { chains, notReached: () => copies, writeAnew });
  const proof = { ...proven, batches: fromBatches };
  const ok = proof.results.every(({ to, state }) => to === null || state === 'written');
  return { text: textOf(rows, copies, proof), json: { rows, ...proof }, ok };
}

function textOf(
  rows: number,
  copies: readonly string[],
  proof: ErasureProof & { readonly batches: readonly BatchErasure[] },
): string {
  const { keptAnswers, sessions, batchRows, results, batches } = proof;
  const unsure = batches.flatMap((one) => one.unsure);
  const lines = [
    `${count(rows, 'row')} and ${count(keptAnswers, 'kept answer')} erased.`,
    ...(sessions === 0 ? [] : [`${count(sessions, 'session')} erased.`]),
    ...(batchRows === 0 ? [] : [`${count(batchRows, 'result')} of batches in the store erased.`]),
    ...batches.flatMap(({ journal, rows: gone, remade, deleted }) => [
      `${journal}: ${count(gone, 'row')} erased.`,
      ...remade.map((path) => `${path}: made anew.`),
      ...deleted.map((path) => `${path}: deleted; the same "livestill batch" command makes it again.`),
    ]),
    ...results.flatMap(({ to, state }) => (state === 'written' ? [`${to}: written anew.`] : [])),
    ...resultsNotReached(results).map((what) => `Not reached: ${what}.`),
    ...[...unsure, ...copies].map((path) => `Not reached: ${path}. Delete it if it may hold them.`),
  ];
  return `${lines.join('\n')}\nProof:\n\n${JSON.stringify(proof, null, 2)}`;
}

/** @throws {UsageError} when not exactly one is given, or it has the wrong form */
function targetOf({ pictureSha256, requestId, reference }: EraseOptions): ErasureTarget {
  const given = [pictureSha256, requestId, reference].filter((value) => value !== undefined);
  if (given.length !== 1) {
    throw new UsageError(
      'erase_target',
      'expected exactly one of --picture-sha256, --request-id and --reference',
    );
  }
  if (pictureSha256 !== undefined && !/^[0-9a-f]{64}$/i.test(pictureSha256)) {
    throw new UsageError('erase_target', 'expected the SHA-256 of a picture: 64 hexadecimal letters');
  }
  if (pictureSha256 !== undefined) return { pictureSha256: pictureSha256.toLowerCase() };
  return requestId === undefined ? { reference: reference! } : { requestId };
}
