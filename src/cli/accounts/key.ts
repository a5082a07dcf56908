import type { Command } from 'commander';
import type { ApiKeySummary } from '../../account/api-key/api-key.ts';
import type { SecretSummary } from '../../account/types.ts';
import { makePair, replacePair } from '../../console/apps.ts';
import { UsageError } from '../../faults.ts';
import { count } from '../../report/count.ts';
import { duration } from '../shared/arguments.ts';
import { type DataOptions, dataCommand, withStore } from '../shared/open-store.ts';
import { type Outcome, pairs, perform } from '../shared/outcome.ts';
import {
  type ApiKeyOptions,
  apiKeysTable,
  createApiKey,
  isApiKeyId,
  kindOption,
  withApiKeyOptions,
} from './api-key.ts';
import { keysTable } from './app-text.ts';
import { givenSecret } from './given-secret.ts';

interface Options extends DataOptions {
  readonly json?: boolean;
}

interface CreateOptions extends Options, ApiKeyOptions {
  readonly appid?: string;
}

interface ListOptions extends Options {
  readonly kind: 'secret' | 'api' | 'both';
}

interface PairOptions extends Options {
  readonly secretId?: string;
  readonly secretKey?: string;
}

/** Adds `livestill key …` to the program. */
export function registerKey(program: Command): void {
  const key = program
    .command('key')
    .description('the keys of the apps, for both APIs: make, bring along, switch off, rotate')
    .addHelpText(
      'after',
      `
SecretKeys are encrypted in the data folder under the master key (file master.key, or
LIVESTILL_MASTER_KEY) and shown once, when they are made; of API keys only a hash is kept. A running
service sees every change with its next request.

Examples:
  livestill key create 1000001
  livestill key create --kind api --appid 1000001 --network 10.0.0.0/8      a key of the v1 API
  livestill key import 1000001 --secret-id AKID… --secret-key -     reads the key from standard input
  livestill key rotate AKID… --overlap 7d                           the old pair works another week
  livestill key rotate-master                                       a new master key for all`,
    );
  create(key);
  bringAlong(key);
  list(key);
  onOff(key);
  rotate(key);
  rotateMaster(key);
}

function made(
  what: string,
  pair: { readonly secretId: string; readonly secretKey: string },
  rest: object,
): Outcome {
  const text = `${what}\n\n${pairs([
    ['SecretId', pair.secretId],
    ['SecretKey', `${pair.secretKey}   (shown this once: keep it safe)`],
  ])}`;
  return { text, json: { ...rest, ...pair } };
}

function create(parent: Command): void {
  withApiKeyOptions(
    dataCommand(parent, 'create', 'make a further pair or an API key for an app; it is shown this once'),
  )
    .argument('[appid]')
    .option('--appid <digits>', 'the app, in place of the argument')
    .action((given: string | undefined, options: CreateOptions, command: Command) =>
      perform(command, options, () =>
        withStore(options, false, async (store) => {
          const appid = given ?? options.appid;
          if (appid === undefined) throw new UsageError('appid_missing', 'expected an appid');
          if (options.kind === 'api') return createApiKey(store, appid, options);
          const { secret, summary } = await makePair(store.accounts, appid, null);
          return made(`A further pair for ${appid}:`, secret, summary);
        }),
      ),
    );
}

function bringAlong(parent: Command): void {
  dataCommand(parent, 'import', 'bring a pair of the old service along, so that clients stay as they are')
    .argument('<appid>')
    .requiredOption('--secret-id <id>', 'the SecretId')
    .requiredOption('--secret-key <key>', 'its SecretKey; - reads it from standard input')
    .action((appid: string, options: PairOptions, command: Command) =>
      perform(command, options, async () => {
        const pair = (await givenSecret(options))!;
        return withStore(options, false, async ({ accounts }) => {
          const { summary } = await makePair(accounts, appid, pair);
          return { text: `${summary.secretId} may now sign for ${appid}.`, json: summary };
        });
      }),
    );
}

function list(parent: Command): void {
  dataCommand(parent, 'list', 'list the keys of one app, or of all; never the SecretKeys')
    .argument('[appid]')
    .addOption(kindOption('both'))
    .action((appid: string | undefined, options: ListOptions, command: Command) =>
      perform(command, options, () =>
        withStore(options, false, async ({ accounts, apiKeys }) => {
          const appids = appid === undefined ? (await accounts.listApps()).map((app) => app.appid) : [appid];
          const lists: AppKeys[] = [];
          for (const one of appids) {
            lists.push({
              appid: one,
              secrets: options.kind === 'api' ? null : await accounts.listSecrets(one),
              apiKeys: options.kind === 'secret' ? null : await apiKeys.listApiKeys(one),
            });
          }
          return { text: keysText(lists), json: lists.flatMap(keysJson) };
        }),
      ),
    );
}

/** The keys of one app; null where a kind was not asked for. */
interface AppKeys {
  readonly appid: string;
  readonly secrets: readonly SecretSummary[] | null;
  readonly apiKeys: readonly ApiKeySummary[] | null;
}

function keysText(lists: readonly AppKeys[]): string {
  if (lists.length === 0) return 'There are no apps yet: "livestill app create" makes one.';
  return lists
    .map(({ appid, secrets, apiKeys }) =>
      [
        `App ${appid}`,
        secrets === null ? '' : `SecretId/SecretKey pairs of the old call\n${keysTable(secrets)}`,
        apiKeys === null
          ? ''
          : `API keys of the v1 API\n${apiKeys.length === 0 ? 'none' : apiKeysTable(apiKeys)}`,
      ]
        .filter((part) => part !== '')
        .join('\n\n'),
    )
    .join('\n\n');
}

function keysJson({ secrets, apiKeys }: AppKeys): readonly object[] {
  return [
    ...(secrets ?? []).map((key) => ({ kind: 'secret', ...key })),
    ...(apiKeys ?? []).map((key) => ({ kind: 'api', ...key })),
  ];
}

function onOff(parent: Command): void {
  const add = (name: string, description: string, enabled: boolean) =>
    dataCommand(parent, name, description)
      .argument('<id>', 'SecretId, or the id of an API key (lsk_ and 12 letters or digits)')
      .action((secretId: string, options: Options, command: Command) =>
        perform(command, options, () =>
          withStore(options, false, async ({ accounts, apiKeys }) => {
            const summary = isApiKeyId(secretId)
              ? await apiKeys.setApiKeyEnabled(secretId, enabled)
              : await accounts.setSecretEnabled(secretId, enabled);
            const state = enabled ? 'enabled' : 'disabled';
            return { text: `${secretId} of ${summary.appid} is ${state}.`, json: summary };
          }),
        ),
      );
  add('enable', 'let a pair sign again, or an API key be used again', true);
  add('disable', 'refuse a pair (code 12) or an API key from the next request on', false);
}

function rotate(parent: Command): void {
  dataCommand(
    parent,
    'rotate',
    'replace a pair: a new one is made, the old one works until the overlap is over',
  )
    .argument('<secret-id>', 'the pair to replace')
    .option('--overlap <duration>', 'how long the old pair still works: 0s, 30m, 12h, 7d', duration, 86_400)
    .option(
      '--secret-id <id>',
      'bring the new SecretId along, with --secret-key (default: a new pair is made)',
    )
    .option('--secret-key <key>', 'its SecretKey; - reads it from standard input')
    .action((secretId: string, options: PairOptions & { readonly overlap: number }, command: Command) =>
      perform(command, options, async () => {
        const brought = await givenSecret(options);
        const end = new Date(Date.now() + options.overlap * 1000);
        return withStore(options, false, async ({ accounts }) => {
          const { summary, secret } = await replacePair(accounts, secretId, brought, end);
          const replaced = { secretId, endsAt: end.toISOString() };
          return made(`${secretId} works until ${end.toISOString()}. The new pair:`, secret, {
            ...summary,
            replaced,
          });
        });
      }),
    );
}

function rotateMaster(parent: Command): void {
  dataCommand(parent, 'rotate-master', 'encrypt all stored SecretKeys under a new master key')
    .addHelpText(
      'after',
      `
With the file master.key a new key is made, everything is encrypted anew in one step, and the old key
is removed from the file. With LIVESTILL_MASTER_KEY put the new key in front of the old one
(NEW,OLD), run this, then remove the old one and restart the service. Cut off at any moment,
nothing is lost: run it again.`,
    )
    .action((options: Options, command: Command) =>
      perform(command, options, () =>
        withStore(options, false, async ({ accounts }) => {
          const { keyId, reencrypted } = await accounts.rotateMasterKey();
          return {
            text: `${count(reencrypted, 'SecretKey')} ${reencrypted === 1 ? 'is' : 'are'} now encrypted under the master key ${keyId}.`,
            json: { keyId, reencrypted },
          };
        }),
      ),
    );
}
