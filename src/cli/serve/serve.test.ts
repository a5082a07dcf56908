import { EventEmitter } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blankPicture } from '../../fleet/warm-up.ts';
import { openStore } from '../../store/open.ts';
import { MODELS_DIR } from '../../weights/index.ts';
import { livestill, livestillJson } from '../shared/test-support/livestill.ts';
import { registerServe, type ServeOptions, type Surroundings, serve } from './serve.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-serve-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface World extends Surroundings {
  readonly signals: EventEmitter;
  readonly lines: Record<string, unknown>[];
  readonly said: string[];
  readonly exits: number[];
}

function world(environment: Record<string, string> = {}, terminal = true): World {
  const signals = new EventEmitter();
  const lines: Record<string, unknown>[] = [];
  const said: string[] = [];
  const exits: number[] = [];
  return {
    signals,
    lines,
    said,
    exits,
    environment: { LIVESTILL_PROFILE: 'fast', ...environment },
    log: { write: (line: string) => void lines.push(JSON.parse(line)) },
    terminal: { log: false, said: terminal },
    say: (text) => void said.push(text),
    on: (event, handler) => void signals.on(event, handler),
    exit: (status) => void exits.push(status),
    flush: () => {},
  };
}

const options = (more: ServeOptions = {}): ServeOptions => ({
  data: join(folder, 'data'),
  port: 0,
  adminPort: 0,
  workers: 1,
  ...more,
});

/** A folder with the weight files of the first recipe alone. */
async function withoutPair(): Promise<string> {
  const dir = join(folder, 'weights');
  await mkdir(dir, { recursive: true });
  for (const name of ['blazeface-back-256', 'rfb-320', 'minifasnet-v2-se-128']) {
    await cp(join(MODELS_DIR, `${name}.onnx`), join(dir, `${name}.onnx`));
  }
  return dir;
}

async function stop({ signals, exits }: World): Promise<void> {
  signals.emit('SIGTERM');
  await expect.poll(() => exits).toEqual([0]);
}

describe('the console', () => {
  it('is set up by the link that the first start says, and named by later ones', async () => {
    const first = world();
    expect(await serve(options(), first)).toBe(0);
    const { adminPort } = first.lines.find(({ event }) => event === 'ready') as Record<string, number>;
    const said = String(first.said[0]);
    expect(said).toContain(`http://localhost:${adminPort}/console/`);
    const [, token] = /console\/setup#([\w-]{43})/.exec(said) ?? [];
    const base = `http://127.0.0.1:${adminPort}`;
    const made = await fetch(`${base}/admin/v1/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, name: 'Ann', password: 'seven quiet otters' }),
    });
    expect(made.status).toBe(201);
    const cookie = String(made.headers.get('set-cookie')).split(';')[0] ?? '';
    const apps = await fetch(`${base}/admin/v1/apps`, { headers: { cookie } });
    expect(await apps.json()).toMatchObject({ items: [{ name: 'first app' }] });
    await stop(first);
    const second = world();
    await serve(options(), second);
    expect(String(second.said[0])).toContain('/console/\n');
    expect(String(second.said[0])).not.toContain('set it up');
    await stop(second);
  });

  it('has its link in a file of the user alone where the log may be kept, and can be switched off', async () => {
    const first = world({}, false);
    expect(await serve(options({ firstApp: false }), first)).toBe(0);
    const path = join(folder, 'data', 'console-setup.txt');
    expect(String(first.said[0])).toContain(path);
    expect(String(first.said[0])).not.toContain('setup#');
    expect(await readFile(path, 'utf8')).toContain('/console/setup#');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await stop(first);
    const off = world({ LIVESTILL_CONSOLE_ENABLED: 'false' }, false);
    await serve(options({ firstApp: false }), off);
    expect(String(off.said[0])).not.toContain('console');
    const { adminPort } = off.lines.find(({ event }) => event === 'ready') as Record<string, number>;
    const reply = await fetch(`http://127.0.0.1:${adminPort}/admin/v1/state`);
    expect(reply.status).toBe(404);
    await stop(off);
  });
});

describe('serve', () => {
  it('starts, makes the first app, answers, and ends when asked; the second start makes no other app', async () => {
    const first = world();
    expect(await serve(options(), first)).toBe(0);
    const { port, adminPort } = first.lines.find(({ event }) => event === 'ready') as Record<string, number>;
    const [text] = first.said;
    expect(text).toContain(`http://127.0.0.1:${port}/face/livedetectpicture`);
    const appid = /appid {6}(\d+)/.exec(String(text))?.[1];
    const sign = /Authorization: ([^']+)'/.exec(String(text))?.[1];
    const form = new FormData();
    form.set('appid', String(appid));
    form.set('image', new Blob([Uint8Array.from(blankPicture())]));
    const answer = await fetch(`http://127.0.0.1:${port}/face/livedetectpicture`, {
      method: 'POST',
      headers: { authorization: String(sign) },
      body: form,
    });
    expect(await answer.json()).toEqual({ code: -4015, message: 'face detect failed', data: {} });
    expect((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status).toBe(200);
    first.signals.emit('SIGHUP');
    await stop(first);

    const second = world({ LIVESTILL_QUEUE_WAIT_MS: '2900' });
    await serve(options(), second);
    const log = await livestillJson<Record<'before' | 'after', { config: Record<string, unknown> } | null>[]>(
      ...['log', 'admin', '--action', 'service.start', '--data', join(folder, 'data')],
    );
    const changed = { ...log[1].after?.config, queueWaitMs: 2900 };
    expect(log).toMatchObject([
      { before: log[1].after, after: { config: changed } },
      { before: null, after: { config: { queueWaitMs: 3000 } } },
    ]);
    const shown = await livestill('log', 'admin', '--last', '1', '--data', join(folder, 'data'));
    expect(shown.out).toMatch(/service\.start +- +config\.queueWaitMs: 3000 -> 2900$/m);
    expect(second.said[0]).toContain('A call to copy: livestill sign --data');
    expect(second.said[0]).not.toContain('SecretKey');
    await stop(second);
  });

  it('keeps keys and signature away from what is no terminal: a file for this user alone has them', async () => {
    const piped = world({}, false);
    expect(await serve(options(), piped)).toBe(0);
    const [path] = /\S+first-app-\d+\.txt/.exec(piped.said[0]) ?? [];
    const kept = await readFile(String(path), 'utf8');
    const [, key] = /SecretKey {2}(\S+)/.exec(kept) ?? [];
    expect(key).toMatch(/^\w{32}$/);
    expect((await stat(String(path))).mode & 0o777).toBe(0o600);
    expect(kept).toContain('curl -sS');
    const seen = piped.said.join('') + JSON.stringify(piped.lines);
    expect(seen).not.toContain(key);
    expect(seen).not.toContain('Authorization');
    await stop(piped);
  });

  it('makes no app where it is told not to', async () => {
    const bare = world();
    expect(await serve(options({ firstApp: false }), bare)).toBe(0);
    expect(bare.said[0]).toContain('There is no app yet. Make one: livestill app create --data');
    expect(bare.said[0]).not.toContain('SecretKey');
    await stop(bare);
  });

  it('prunes old rows and watches its certificate where it is told to', async () => {
    const fixture = (name: string) => join('test', 'contract', 'support', 'tls', name);
    const secure = world({
      LIVESTILL_TLS_CERT: fixture('first.crt'),
      LIVESTILL_TLS_KEY: fixture('first.key'),
      LIVESTILL_LEDGER_RETENTION_DAYS: '1',
    });
    expect(await serve(options(), secure)).toBe(0);
    expect(secure.said[0]).toContain('https://127.0.0.1:');
    secure.signals.emit('SIGHUP');
    await stop(secure);
  });

  it('starts without the pair when no profile is named, and says so everywhere, with what mends it', async () => {
    const dir = await withoutPair();
    const without = world({ LIVESTILL_PROFILE: '', LIVESTILL_MODELS_DIR: dir });
    expect(await serve(options(), without)).toBe(0);
    const command = `livestill models pull --dir ${JSON.stringify(dir)}`;
    const lines = without.said.join('\n').split('\n');
    expect(lines.filter((line) => line.includes(command))).toHaveLength(1);
    expect(without.said.join('\n')).toMatch(
      /judging with the profile "single", "careful" and "fast" cannot be used/,
    );
    const { adminPort } = without.lines.find(({ event }) => event === 'ready') as { adminPort: number };
    const warned = without.lines.find(({ event }) => event === 'networks_missing');
    expect(warned).toMatchObject({ level: 40, profile: 'single', command });
    const ready = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      status: 'ready',
      profile: 'single',
      lacking: {
        profiles: ['careful', 'fast'],
        networks: ['minifasnet-v1-se-80', 'minifasnet-v2-80'],
        command,
      },
    });
    const page = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    expect(page).toContain('\nlivestill_networks_missing 2\n');
    expect(page).toContain('\nlivestill_default_profile{profile="single"} 1\n');
    await stop(without);

    const store = await openStore({ dataDir: join(folder, 'data'), thread: false });
    const [app] = await store.accounts.listApps(1);
    await store.accounts.setPolicy(app!.appid, { profile: 'careful' });
    await store.close();
    const asking = world({ LIVESTILL_PROFILE: '', LIVESTILL_MODELS_DIR: dir });
    expect(await serve(options(), asking)).toBe(1);
    expect(asking.said.join('\n')).toContain(
      `the app ${app!.appid} asks for a profile that needs minifasnet-v1-se-80`,
    );
    expect(asking.said.join('\n')).toContain(command);
  });

  const cannot: [string, () => Promise<Partial<Record<string, string>>>, ServeOptions, number, RegExp][] = [
    ['a wrong setting', async () => ({ LIVESTILL_PROFILE: 'quick' }), {}, 2, /careful, fast/],
    [
      'missing models',
      async () => {
        await mkdir(join(folder, 'models'));
        return { LIVESTILL_MODELS_DIR: join(folder, 'models') };
      },
      {},
      1,
      /blazeface-back-256/,
    ],
    [
      'a profile by name whose networks are missing',
      async () => ({ LIVESTILL_MODELS_DIR: await withoutPair() }),
      {},
      1,
      /profile "fast": .*minifasnet-v2-80.*Run "livestill models pull --dir/,
    ],
    [
      'a data folder that is a file',
      async () => {
        await writeFile(join(folder, 'data'), '');
        return {};
      },
      {},
      1,
      /data/,
    ],
    [
      'a certificate that is missing',
      async () => ({ LIVESTILL_TLS_CERT: join(folder, 'c'), LIVESTILL_TLS_KEY: join(folder, 'k') }),
      {},
      1,
      /cannot be read \(ENOENT\)/,
    ],
    ['an address of another machine', async () => ({}), { host: '203.0.113.1' }, 1, /no such address/],
  ];
  it.each(cannot)('does not start with %s', async (_name, prepare, more, status, text) => {
    const environment = (await prepare()) as Record<string, string>;
    const failing = world(environment);
    expect(await serve(options(more), failing)).toBe(status);
    expect(failing.said).toEqual([expect.stringMatching(text)]);
    expect(failing.said[0]).toMatch(/^livestill: /);
    expect(failing.signals.eventNames()).toEqual([]);
  });

  it('does not start on a port in use, and lets go of everything it had opened', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const failing = world();
    expect(await serve(options({ port }), failing)).toBe(1);
    expect(failing.said[0]).toContain(`the port ${port} on 127.0.0.1 is in use`);
    other.close();
    const again = world();
    expect(await serve(options(), again)).toBe(0);
    await stop(again);
  });
});

describe('the options of serve', () => {
  const parse = (...args: string[]) => {
    const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
    registerServe(program);
    for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
    return program.parseAsync(['node', 'livestill', 'serve', ...args]);
  };

  it.each([
    ['--port', '70000'],
    ['--port', 'http'],
    ['--admin-port', '-1'],
    ['--workers', '0'],
    ['--workers', '1.5'],
    ['--workers', '257'],
    ['--prot', '80'],
  ])('%s %s is refused', async (...args) => {
    await expect(parse(...args)).rejects.toBeInstanceOf(CommanderError);
  });
});
