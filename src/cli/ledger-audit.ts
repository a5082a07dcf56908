import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { ChainName } from '../ledger/checkpoint.ts';
import type { ErasureTarget } from '../ledger/types.ts';
import type { Verification } from '../ledger/verify.ts';
import { count } from '../report/count.ts';
import { wholeSeconds as wholeNumber } from './arguments.ts';
import { checkHead, readHead } from './ledger-head.ts';
import { type DataOptions, dataCommand, withStore } from './open-store.ts';
import { type Outcome, perform } from './outcome.ts';

interface Options extends DataOptions {
  readonly json?: boolean;
}

/** Adds `livestill ledger verify|head|erase`. */
export function registerAudit(ledger: Command): void {
  verify(ledger);
  head(ledger);
  erase(ledger);
}

interface VerifyOptions extends Options {
  readonly from?: number;
  readonly to?: number;
  readonly head?: string;
}

function verify(parent: Command): void {
  dataCommand(
    parent,
    'verify',
    'go through the chain of decisions and of changes: is every row what was written?',
  )
    .option('--from <row>', 'from this row on; decisions alone', wholeNumber)
    .option('--to <row>', 'up to this row; decisions alone', wholeNumber)
    .option('--head <file>', 'against a state that "ledger head" wrote earlier, kept elsewhere')
    .addHelpText('after', '\nExit status: 0 nothing was changed, 1 a row was: the first one is named.')
    .action((options: VerifyOptions, command: Command) =>
      perform(command, options, () =>
        withStore(options, false, async ({ chains }): Promise<Outcome> => {
          const { from, to } = options;
          const part = from !== undefined || to !== undefined;
          const names: readonly ChainName[] = part ? ['ledger'] : ['ledger', 'admin'];
          const found: Verification[] = [];
          for (const name of names) found.push(await chains.verify(name, part ? { from, to } : {}));
          const kept = options.head === undefined ? [] : await readHead(options.head);
          const strayed = await checkHead(kept, chains);
          const ok = found.every(({ fault }) => fault === null) && strayed.length === 0;
          return {
            text: [...found.map(sentence), ...strayed].join('\n'),
            json: { ok, chains: found, strayed },
            ok,
          };
        }),
      ),
    );
}

const names = { ledger: 'Decisions', admin: 'Changes by operators' } as const;

function sentence(found: Verification): string {
  const { chain, verified, unchained, pruned, erased, lost, checkpoints, fault } = found;
  const name = names[chain];
  if (fault !== null) return `${name}: NOT as written. First at row ${fault.rowId}: ${fault.text}.`;
  const rest = [
    pruned > 0 ? `${count(pruned, 'row')} deleted by retention` : '',
    erased > 0 ? `${count(erased, 'row')} erased on request` : '',
    lost > 0 ? `${count(lost, 'row')} lost before the folder was opened, as after a restore` : '',
    unchained > 0 ? `${count(unchained, 'row')} of versions without a chain, which nothing protects` : '',
    `${count(checkpoints, 'signed state')} right`,
  ].filter((text) => text !== '');
  return `${name}: ${count(verified, 'row')} as written; ${rest.join('; ')}.`;
}

function head(parent: Command): void {
  dataCommand(parent, 'head', 'sign the state of both chains now and print it, to be kept elsewhere')
    .addHelpText(
      'after',
      `
Keep the output where whoever can write the data folder cannot: with it "ledger verify --head FILE" finds every later
change of a row that was there, also one by somebody who has the key.`,
    )
    .action((options: Options, command: Command) =>
      perform(command, { ...options, json: true }, () =>
        withStore(options, false, async ({ chains }): Promise<Outcome> => {
          const heads = [await chains.head('ledger'), await chains.head('admin')];
          return { text: '', json: { heads: heads.filter((one) => one !== null) } };
        }),
      ),
    );
}

interface EraseOptions extends Options {
  readonly pictureSha256?: string;
  readonly requestId?: string;
  readonly reference?: string;
  readonly yes?: boolean;
}

function erase(parent: Command): void {
  dataCommand(parent, 'erase', 'take the rows of a person out for good, and print a proof')
    .option('--picture-sha256 <hash>', 'of this picture')
    .option('--request-id <id>', 'of this request')
    .option('--reference <text>', 'with this reference of the caller (header X-Reference)')
    .option('--yes', 'yes, erase them')
    .addHelpText(
      'after',
      `
Rows, kept answers to an Idempotency-Key and what the write-ahead log still holds of them go. Each row leaves its place in
the chain: two hashes that say nothing of its content. Copies are not reached: backups, exports, collected logs, files
of "livestill batch".`,
    )
    .action((options: EraseOptions, command: Command) =>
      perform(command, options, () =>
        withStore(options, false, async ({ ledger, chains }): Promise<Outcome> => {
          const target = targetOf(options);
          const rows = await ledger.count(target);
          if (options.yes !== true) {
            throw new UsageError(
              'not_confirmed',
              `${count(rows, 'row')} would be erased for good: add --yes`,
            );
          }
          const erased = await chains.erase(target);
          const proof = { ...erased, heads: [await chains.head('ledger'), await chains.head('admin')] };
          const text = `${count(rows, 'row')} and ${count(erased.keptAnswers, 'kept answer')} erased. Proof:\n\n${JSON.stringify(proof, null, 2)}`;
          return { text, json: { rows, ...proof } };
        }),
      ),
    );
}

/** @throws UsageError when not exactly one is given, or it has the wrong form */
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
