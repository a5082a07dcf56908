/** The services under load, each in a data folder of its own, and what their logs must not hold. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { livestill } from '../support.mjs';

const program = fileURLToPath(new URL('../../bin/livestill.js', import.meta.url));
/** Events of the log that say that something came up which nobody had thought of. */
const unexpected =
  /"event":"(?:unexpected|uncaught|unhandled|metrics_trouble|store_trouble|refusals_not_kept)/;
/** Controls that a terminal acts on; the end of a line is none of them here. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const controls = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]/;

/** Looks at each line of a log; `apart` are the apps whose refusals are kept. */
function logWatch(apart) {
  const seen = { lines: 0, longest: 0, raw: 0, uncaught: 0, samples: [], refusals: [] };
  let rest = '';
  return {
    seen,
    take(text) {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop();
      for (const line of lines) {
        seen.lines++;
        seen.longest = Math.max(seen.longest, line.length);
        if (controls.test(line)) seen.raw++;
        const isOdd = unexpected.test(line) || !line.startsWith('{"level":');
        if (isOdd) seen.uncaught++;
        if (isOdd && seen.samples.length < 5) seen.samples.push(line.slice(0, 800));
        const { appid, code = 0 } = isOdd ? {} : JSON.parse(line);
        if (code !== 0 && apart.includes(appid) && seen.refusals.length < 5)
          seen.refusals.push(line.slice(0, 800));
      }
    },
  };
}

/** An app with a signature and an API key of its own. */
async function makeApp(data) {
  const { appid } = JSON.parse(await livestill('app', 'create', '--data', data, '--json'));
  const signed = JSON.parse(
    await livestill('sign', '--data', data, '--appid', appid, '--expires', '86400', '--json'),
  );
  const key = JSON.parse(
    await livestill('key', 'create', '--kind', 'api', '--appid', appid, '--data', data, '--json'),
  );
  return { appid, authorization: signed.signature, bearer: `Bearer ${key.apiKey}` };
}

/**
 * Starts a service with the configuration, and as many apps as are named. `ended` is how it ended, where it did by itself.
 */
export async function startService({ config, apps, workers, env = {} }) {
  const data = await mkdtemp(join(tmpdir(), 'livestill-soak-'));
  const file = join(data, 'soak.json');
  await writeFile(file, JSON.stringify(config));
  const made = {};
  for (const name of apps) made[name] = await makeApp(data);
  const args = ['serve', '--data', data, '--config', file, '--workers', workers];
  const child = spawn(process.execPath, [program, ...args, '--port', '0', '--admin-port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LIVESTILL_LOG_FORMAT: 'json', ...env },
  });
  const log = logWatch('quiet' in made ? [made.quiet.appid] : []);
  const service = { data, apps: made, pid: child.pid, log: log.seen, ended: undefined };
  child.stdout.setEncoding('utf8').on('data', log.take);
  let start = '';
  await new Promise((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text) => {
      // Behind the greeting nothing is written there but what nobody caught.
      start += start.length < 10_000 ? text : '';
      if (service.url !== undefined && !/^\s*$|A call to copy/.test(text)) log.take(text);
      if (!/^ {2}limits .*\n/m.test(start)) return;
      service.url ??= new URL(/service\s+(http\S+)/.exec(start)[1]);
      service.admin ??= new URL(/admin\s+(http\S+)/.exec(start)[1]);
      resolve();
    });
    child.on('exit', (code, signal) => {
      service.ended = code ?? signal;
      reject(new Error(`the service ended with ${code ?? signal}: ${start}`));
    });
  });
  service.stop = async () => {
    if (service.ended === undefined) {
      child.removeAllListeners('exit');
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    await rm(data, { recursive: true, force: true });
  };
  return service;
}
