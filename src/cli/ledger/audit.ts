import type { Command } from 'commander';
import type { ChainName } from '../../ledger/checkpoint.ts';
import { signedHeads, strayedHeads } from '../../ledger/kept-heads.ts';
import type { Verification } from '../../ledger/verify.ts';
import { count } from '../../report/count.ts';
import { wholeNumber } from '../shared/arguments.ts';
import { type DataOptions, dataCommand, withStore } from '../shared/open-store.ts';
import { type Outcome, perform } from '../shared/outcome.ts';
import { registerErase } from './erase.ts';
import { readHead, strayedText } from './head.ts';

interface Options extends DataOptions {
  readonly json?: boolean;
}

/** Adds `livestill ledger verify|head|erase`. */
export function registerAudit(ledger: Command): void {
  verify(ledger);
  head(ledger);
  registerErase(ledger);
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
          const names = await chains.names(part ? (from ?? to) : undefined);
          const found: Verification[] = [];
          for (const name of names) found.push(await chains.verify(name, part ? { from, to } : {}));
          const kept = options.head === undefined ? [] : await readHead(options.head);
          const strayed = (await strayedHeads(kept, chains)).map(strayedText);
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

/** What a chain holds, for people. */
function nameOf(chain: ChainName): string {
  if (chain === 'admin') return 'Changes by operators';
  return chain === 'ledger' ? 'Decisions' : `Decisions of the node ${chain.slice('ledger:'.length)}`;
}

function sentence(found: Verification): string {
  const { chain, verified, unchained, pruned, erased, lost, checkpoints, keys, fault } = found;
  const name = nameOf(chain);
  if (fault !== null) return `${name}: NOT as written. First at row ${fault.rowId}: ${fault.text}.`;
  const rest = [
    pruned > 0 ? `${count(pruned, 'row')} deleted by retention` : '',
    erased > 0 ? `${count(erased, 'row')} erased on request` : '',
    lost > 0 ? `${count(lost, 'row')} lost before the folder was opened, as after a restore` : '',
    unchained > 0 ? `${count(unchained, 'row')} of versions without a chain, which nothing protects` : '',
    `${count(checkpoints, 'signed state')} right`,
    keys.length > 1
      ? `signed by the keys ${keys.join(', ')}: right after a restore or a change of audit.key, else look into it`
      : '',
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
        withStore(
          options,
          false,
          async ({ chains }): Promise<Outcome> => ({ text: '', json: { heads: await signedHeads(chains) } }),
        ),
      ),
    );
}
