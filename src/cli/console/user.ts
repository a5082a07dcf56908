import { type Command, Option } from 'commander';
import { linkUrl } from '../../console/console.ts';
import { createPasswords } from '../../console/password.ts';
import { ROLES, type Role } from '../../console/permissions.ts';
import type { ConsoleUser } from '../../console/types.ts';
import { createUsers, type Link, type Users } from '../../console/users.ts';
import { UsageError } from '../../faults.ts';
import type { Store } from '../../store/open.ts';
import { consoleUrl } from '../serve/console.ts';
import { type DataOptions, dataCommand, withStore } from '../shared/open-store.ts';
import { type Outcome, pairs, perform } from '../shared/outcome.ts';
import { createTable } from '../shared/table.ts';

interface Options extends DataOptions {
  readonly json?: boolean;
}

interface RoleOptions extends Options {
  readonly role?: Role;
}

interface KeepOptions extends Options {
  readonly keepAdminKeys?: boolean;
}

interface ResetOptions extends Options {
  readonly secondFactor?: boolean;
}

/** Adds `livestill user …` to the program. */
export function registerUser(program: Command): void {
  const user = program
    .command('user')
    .description('the users of the console: add, list, reset who is locked out')
    .addHelpText(
      'after',
      `
A user sets a password by a link that counts once. The console does the same; these commands are for
machines without a browser, and for whoever is locked out.

Roles: administrator (everything), operator (apps, keys, policies, reviews), auditor (decisions and the
log of changes, to read), viewer (activity and apps, to read).

Examples:
  livestill user setup-link                 the link for the first administrator
  livestill user add "Ann Lee" --role operator
  livestill user reset "Ann Lee"            takes password, codes and passkeys; prints a new link`,
    );
  setupLink(user);
  add(user);
  list(user);
  change(user);
  reset(user);
  remove(user);
}

function usersOf(store: Store): Users {
  return createUsers({ store: store.console, passwords: createPasswords(), clock: () => Date.now() });
}

/** The command of one user, by name. */
function withUser<T extends Options>(
  parent: Command,
  name: string,
  description: string,
  work: (store: Store, user: ConsoleUser, options: T, url: string) => Promise<Outcome>,
): Command {
  return dataCommand(parent, name, description)
    .argument('<name>')
    .action((given: string, options: T, command: Command) =>
      perform(command, options, () =>
        withStore(options, false, async (store, config) => {
          const found = await store.console.findUser({ name: given });
          if (found === null) {
            throw new UsageError(
              'user_unknown',
              `there is no user ${JSON.stringify(given)}: "livestill user list" shows those that exist`,
            );
          }
          return work(store, found.user, options, consoleUrl(config, config.adminPort));
        }),
      ),
    );
}

function linkOutcome(what: string, url: string, link: Link, json: object): Outcome {
  const until = link.until.toISOString();
  const address = linkUrl(url, link.token);
  return {
    text: `${what}\n\n${pairs([
      ['link', address],
      ['counts', `once, until ${until}`],
    ])}`,
    json: { ...json, link: address, until },
  };
}

const roleOption = () => new Option('--role <name>', 'what the user may do').choices([...ROLES]);

function setupLink(parent: Command): void {
  dataCommand(parent, 'setup-link', 'print a link that makes the first administrator').action(
    (options: Options, command: Command) =>
      perform(command, options, () =>
        withStore(options, true, async (store, config) => {
          const link = await usersOf(store).setupLink();
          if (link === null)
            throw new UsageError('setup_done', 'there is a user already: "livestill user add" adds others');
          const url = consoleUrl(config, config.adminPort);
          return linkOutcome('The first administrator sets name and password here:', url, link, {});
        }),
      ),
  );
}

function add(parent: Command): void {
  dataCommand(parent, 'add', 'add a user; the link that is printed sets the password')
    .argument('<name>')
    .addOption(roleOption().default('operator'))
    .action((name: string, options: RoleOptions, command: Command) =>
      perform(command, options, () =>
        withStore(options, true, async (store, config) => {
          const { role = 'operator' } = options;
          const { user, link } = await usersOf(store).add(store.console, { name, role });
          const url = consoleUrl(config, config.adminPort);
          return linkOutcome(`${user.name} (${role}) sets a password here:`, url, link, { user });
        }),
      ),
    );
}

function list(parent: Command): void {
  dataCommand(parent, 'list', 'list the users').action((options: Options, command: Command) =>
    perform(command, options, () =>
      withStore(options, false, async (store) => {
        const users = await store.console.listUsers();
        const rows = users.map((user) => [
          user.name,
          user.role,
          stateOf(user),
          `${user.totp ? 'codes' : '-'}`,
          String(user.passkeys),
          user.lastSignInAt?.toISOString() ?? 'never',
        ]);
        const titles = ['name', 'role', 'state', 'second factor', 'passkeys', 'last sign-in'];
        const table = createTable(
          titles.map((title) => ({ title })),
          rows,
        );
        const text =
          users.length === 0
            ? 'There are no users yet: "livestill user setup-link" makes the first one.'
            : [table.head, ...rows.map(table.line)].join('\n');
        return { text, json: users };
      }),
    ),
  );
}

function stateOf({ enabled, hasPassword, passkeys, provider }: ConsoleUser): string {
  if (!enabled) return 'off';
  if (provider !== null) return `on, at ${new URL(provider).host}`;
  return hasPassword || passkeys > 0 ? 'on' : 'invited';
}

/** The names of the admin keys that go with a user, told beside what was done. */
async function keysThatGo(
  store: Store,
  { id }: ConsoleUser,
  { keepAdminKeys = false }: Pick<KeepOptions, 'keepAdminKeys'>,
): Promise<readonly string[]> {
  const made = (await store.console.listAdminKeys()).filter(({ madeBy }) => madeBy === id);
  return keepAdminKeys ? [] : made.map(({ keyId, name }) => `${keyId} (${name})`);
}

const goneText = (keys: readonly string[]): string =>
  keys.length === 0
    ? ''
    : ` With ${keys.length === 1 ? 'the admin key' : 'the admin keys'} ${keys.join(', ')}.`;

const keepOption = (what: string) =>
  new Option('--keep-admin-keys', `leave the admin keys that ${what} made`).default(false);

function change(parent: Command): void {
  const done = (user: ConsoleUser, gone: readonly string[] = []): Outcome => ({
    text: `${user.name}: ${user.role}, ${stateOf(user)}.${goneText(gone)}`,
    json: { ...user, removedAdminKeys: gone },
  });
  withUser<RoleOptions & KeepOptions>(
    parent,
    'role',
    'change what a user may do; admin keys go with who is no administrator any more',
    async (store, user, { role, keepAdminKeys = false }) => {
      if (role === undefined) throw new UsageError('role_missing', 'expected --role');
      const isDemoted = user.role === 'administrator' && role !== 'administrator';
      const gone = isDemoted ? await keysThatGo(store, user, { keepAdminKeys }) : [];
      return done(await store.console.changeUser(user.id, { role, keepAdminKeys }), gone);
    },
  )
    .addOption(roleOption())
    .addOption(keepOption('an administrator'));
  withUser(parent, 'enable', 'let a user sign in again', async (store, user) =>
    done(await store.console.changeUser(user.id, { enabled: true })),
  );
  withUser<KeepOptions>(
    parent,
    'disable',
    'let a user sign in no more, end the sessions, and remove the admin keys that the user made',
    async (store, user, { keepAdminKeys = false }) => {
      const gone = await keysThatGo(store, user, { keepAdminKeys });
      return done(await store.console.changeUser(user.id, { enabled: false, keepAdminKeys }), gone);
    },
  ).addOption(keepOption('the user'));
}

function reset(parent: Command): void {
  withUser<ResetOptions>(
    parent,
    'reset',
    'take password, codes and passkeys from a user; the link that is printed sets a new password',
    async (store, user, { secondFactor = false }, url) => {
      if (secondFactor) {
        const changed = await usersOf(store).resetSecondFactor(store.console, user.id);
        return { text: `${changed.name} signs in with the password alone.`, json: changed };
      }
      const done = await usersOf(store).reset(store.console, user.id);
      return linkOutcome(`${user.name} sets a new password here:`, url, done.link, { user: done.user });
    },
  ).option('--second-factor', 'take codes and passkeys alone: the password stays');
}

function remove(parent: Command): void {
  withUser<KeepOptions>(
    parent,
    'remove',
    'remove a user, and the admin keys that the user made; the log of changes keeps the name',
    async (store, user, { keepAdminKeys = false }) => {
      const gone = await keysThatGo(store, user, { keepAdminKeys });
      await store.console.removeUser(user.id, keepAdminKeys);
      return {
        text: `${user.name} was removed.${goneText(gone)}`,
        json: { removed: user, removedAdminKeys: gone },
      };
    },
  ).addOption(keepOption('the user'));
}
