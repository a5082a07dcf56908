import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { AppLimits, AppState } from '../../account/types.ts';
import { makeApp } from '../../console/apps.ts';
import { UsageError } from '../../faults.ts';
import { gather, numberOrNone } from '../shared/arguments.ts';
import { shellWord } from '../shared/curl.ts';
import { type DataOptions, dataCommand, withStore } from '../shared/open-store.ts';
import { pairs, perform } from '../shared/outcome.ts';
import { createTable } from '../shared/table.ts';
import { appJson, appText, limitsText } from './app-text.ts';
import { givenSecret } from './given-secret.ts';
import { registerPolicy } from './policy.ts';

interface Options extends DataOptions {
  readonly json?: boolean;
}

interface CreateOptions extends Options {
  readonly appid?: string;
  readonly name?: string;
  readonly secretId?: string;
  readonly secretKey?: string;
  readonly bucket?: readonly string[];
}

/** Adds `livestill app …` to the program. */
export function registerApp(program: Command): void {
  const app = program
    .command('app')
    .description('the apps that may call: make, list, switch off, limit')
    .addHelpText(
      'after',
      `
An app is one caller: an appid, a name, one or several SecretId/SecretKey pairs ("livestill key"),
limits and settings of its own. A running service sees every change with its next request.

Examples:
  livestill app create --name "Front desk"
  livestill app create --appid 1000001 --secret-id AKID… --secret-key -     keys of the old service
  livestill app limit 1000001 --rate 10 --burst 20 --concurrent 4 --daily 50000
  livestill app policy 1000001 --threshold 92
  livestill app suspend 1000001`,
    );
  create(app);
  list(app);
  show(app);
  states(app);
  limit(app);
  registerPolicy(app);
  buckets(app);
}

function create(parent: Command): void {
  dataCommand(parent, 'create', 'make an app and its first pair of keys; the SecretKey is shown this once')
    .option('--appid <digits>', 'appid, as old clients have it (default: a new one)')
    .option('--name <text>', 'what people call it (default: "app" and the appid)')
    .option('--secret-id <id>', 'a SecretId that exists already, with --secret-key')
    .option('--secret-key <key>', 'its SecretKey; - reads it from standard input')
    .option(
      '--bucket <name>',
      'a bucket the app may sign for; may be repeated (default: buckets are not compared)',
      gather,
    )
    .action((options: CreateOptions, command: Command) =>
      perform(command, options, async () => {
        const brought = await givenSecret(options);
        const { appid, name, bucket: buckets } = options;
        return withStore(options, true, async ({ accounts }, { dataDir }) => {
          const { app, secret } = await makeApp(accounts, { appid, name, buckets }, brought);
          const keep = brought === null ? '   (shown this once: keep it safe)' : '';
          return {
            text: `App ${app.appid} (${app.name}) was made in ${resolve(dataDir)}.\n\n${pairs([
              ['appid', app.appid],
              ['SecretId', secret.secretId],
              ['SecretKey', `${secret.secretKey}${keep}`],
            ])}\n\nA first call: livestill sign --data ${shellWord(dataDir)} --appid ${app.appid}`,
            json: { appid: app.appid, name: app.name, ...secret, ...appJson(app) },
          };
        });
      }),
    );
}

function list(parent: Command): void {
  dataCommand(parent, 'list', 'list all apps').action((options: Options, command: Command) =>
    perform(command, options, () =>
      withStore(options, false, async ({ accounts }) => {
        const apps = await accounts.listApps();
        const rows = apps.map((one) => [one.appid, one.state, limitsText(one.limits), one.name]);
        const table = createTable(
          [{ title: 'appid' }, { title: 'state' }, { title: 'limits' }, { title: 'name' }],
          rows,
        );
        const text =
          apps.length === 0
            ? 'There are no apps yet: "livestill app create" makes one.'
            : [table.head, ...rows.map(table.line)].join('\n');
        return { text, json: apps.map(appJson) };
      }),
    ),
  );
}

function show(parent: Command): void {
  dataCommand(parent, 'show', 'show one app with its keys (not the SecretKeys) and what it used today')
    .argument('<appid>')
    .action((appid: string, options: Options, command: Command) =>
      perform(command, options, () =>
        withStore(options, false, async ({ accounts, usage }) => {
          const keys = await accounts.listSecrets(appid);
          const found = (await accounts.findApp(appid))!;
          const usedToday = await usage.used(appid, new Date().toISOString().slice(0, 10));
          return { text: appText(found, keys, usedToday), json: { ...appJson(found), keys, usedToday } };
        }),
      ),
    );
}

function states(parent: Command): void {
  const state = (name: string, description: string) =>
    dataCommand(parent, name, description).argument('<appid>');
  const act = (command: Command, to: AppState) =>
    command.action((appid: string, options: Options & { yes?: boolean }, self: Command) =>
      perform(self, options, async () => {
        if (to === 'closed' && options.yes !== true) {
          throw new UsageError(
            'not_confirmed',
            `closing ${appid} cannot be undone: add --yes, or use "livestill app suspend"`,
          );
        }
        return withStore(options, false, async ({ accounts }) => {
          const app = await accounts.setAppState(appid, to);
          return { text: `App ${app.appid} (${app.name}) is ${app.state}.`, json: appJson(app) };
        });
      }),
    );
  act(state('suspend', 'refuse its requests for now (code 3, "account abnormal,errorno is:2")'), 'suspended');
  act(state('resume', 'accept its requests again'), 'active');
  act(state('close', 'refuse its requests for good').option('--yes', 'yes, for good'), 'closed');
}

interface LimitOptions extends Options {
  readonly rate?: number | null;
  readonly burst?: number | null;
  readonly concurrent?: number | null;
  readonly daily?: number | null;
}

function limit(parent: Command): void {
  dataCommand(parent, 'limit', 'set limits; "none" lifts one, one that is not named stays')
    .argument('<appid>')
    .option('--rate <number>', 'requests a second, on average', numberOrNone)
    .option('--burst <number>', 'how many may come at once on top of that', numberOrNone)
    .option('--concurrent <number>', 'requests running at the same moment', numberOrNone)
    .option('--daily <number>', 'requests a day (UTC)', numberOrNone)
    .addHelpText('after', '\nOver a limit the service answers code 15, HTTP 429, with Retry-After.')
    .action((appid: string, options: LimitOptions, command: Command) =>
      perform(command, options, () =>
        withStore(options, false, async ({ accounts }) => {
          const { rate: requestsPerSecond, burst, concurrent, daily } = options;
          const wanted = Object.entries({ requestsPerSecond, burst, concurrent, daily }).filter(
            ([, value]) => value !== undefined,
          );
          const app = await accounts.setLimits(appid, Object.fromEntries(wanted) as Partial<AppLimits>);
          return { text: `Limits of ${appid}: ${limitsText(app.limits)}`, json: appJson(app) };
        }),
      ),
    );
}

function buckets(parent: Command): void {
  dataCommand(
    parent,
    'buckets',
    'replace the list of buckets the app may sign for; without names: buckets are not compared',
  )
    .argument('<appid>')
    .argument('[bucket...]')
    .action((appid: string, names: readonly string[], options: Options, command: Command) =>
      perform(command, options, () =>
        withStore(options, false, async ({ accounts }) => {
          const app = await accounts.setBuckets(appid, names);
          const text = app.buckets.length === 0 ? 'not compared' : app.buckets.join(', ');
          return { text: `Buckets of ${appid}: ${text}`, json: appJson(app) };
        }),
      ),
    );
}
