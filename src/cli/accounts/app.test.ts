import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openStore } from '../../store/open.ts';
import { temporaryFolder, temporaryStore } from '../../store/test-support/temp-store.ts';
import { livestill, livestillJson } from '../shared/test-support/livestill.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = join(await temporaryFolder(), 'data');
});

const brought = ['--secret-id', 'AKIDbrought00001', '--secret-key', 'k'.repeat(32)];
const create = (...more: string[]) => livestillJson('app', 'create', '--data', dataDir, ...more);

describe('livestill app create', () => {
  it('makes the data folder, an app and its keys, and shows the SecretKey this once', async () => {
    const made = await create();
    expect(made).toMatchObject({
      appid: expect.stringMatching(/^1[23]\d{8}$/),
      secretId: expect.stringMatching(/^AKID[A-Za-z0-9]{32}$/),
      secretKey: expect.stringMatching(/^[A-Za-z0-9]{32}$/),
      state: 'active',
    });
    const shown = await livestill('app', 'show', made.appid, '--data', dataDir);
    expect(shown.out).toContain(made.secretId);
    expect(shown.out + shown.err).not.toContain(made.secretKey);
    const { accounts } = await temporaryStore({ dataDir });
    expect((await accounts.findSecret(made.secretId))!.secretKey).toBe(made.secretKey);
  });

  it('takes appid, name and keys of the old service', async () => {
    const made = await create(
      '--appid',
      '1000001',
      '--name',
      '前台',
      ...brought,
      '--bucket',
      'a',
      '--bucket',
      'b',
    );
    expect(made).toMatchObject({
      appid: '1000001',
      name: '前台',
      secretId: 'AKIDbrought00001',
      buckets: ['a', 'b'],
    });
  });

  it('says the same to people, with the next step', async () => {
    const { out, status } = await livestill(
      'app',
      'create',
      '--data',
      dataDir,
      '--appid',
      '1000001',
      ...brought,
    );
    expect(status).toBe(0);
    expect(out).toContain('SecretId   AKIDbrought00001');
    expect(out).toContain(`livestill sign --data ${dataDir} --appid 1000001`);
  });

  it.each([
    [['--appid', '0123'], 'appid: expected 1 to 15 digits, the first not 0, found "0123"'],
    [
      ['--secret-id', 'AKIDbrought00001'],
      'expected --secret-id and --secret-key together, --secret-key is missing',
    ],
    [['--secret-key', 'k'.repeat(32)], '--secret-id is missing'],
    [
      ['--secret-id', 'a b c d e', '--secret-key', 'k'.repeat(32)],
      'SecretId: expected 8 to 64 letters, digits, _ or -',
    ],
    [
      ['--secret-id', 'AKIDbrought00001', '--secret-key', 'short'],
      'SecretKey: expected 16 to 128 characters, found 5',
    ],
  ])('refuses %j with status 2', async (args, expected) => {
    const { err, status, out } = await livestill('app', 'create', '--data', dataDir, ...args);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain(expected);
  });

  it('refuses an appid that is taken', async () => {
    await create('--appid', '1000001');
    const { err, status } = await livestill('app', 'create', '--data', dataDir, '--appid', '1000001');
    expect([status, err]).toEqual([2, 'livestill: there is an app 1000001 already\n']);
  });
});

describe('livestill app', () => {
  beforeEach(() => create('--appid', '1000001', '--name', 'one', ...brought));

  it('lists all', async () => {
    await create('--appid', '1000002', '--name', 'two');
    const list = await livestillJson<{ appid: string }[]>('app', 'list', '--data', dataDir);
    expect(list.map((app) => app.appid)).toEqual(['1000001', '1000002']);
    const { out } = await livestill('app', 'list', '--data', dataDir);
    expect(out.split('\n').slice(0, 2)).toEqual([
      'appid    state   limits  name',
      '1000001  active  none    one',
    ]);
  });

  it('suspends, resumes and closes', async () => {
    const state = async (...args: string[]) =>
      (await livestillJson('app', ...args, '1000001', '--data', dataDir)).state;
    expect([await state('suspend'), await state('resume')]).toEqual(['suspended', 'active']);
    const unsure = await livestill('app', 'close', '1000001', '--data', dataDir);
    expect(unsure).toMatchObject({ status: 2, err: expect.stringContaining('add --yes') });
    expect(await state('close', '--yes')).toBe('closed');
    const again = await livestill('app', 'resume', '1000001', '--data', dataDir);
    expect(again).toMatchObject({ status: 2, err: expect.stringContaining('closed for good') });
  });

  it('sets limits, keeps those not named, and lifts them', async () => {
    const limit = async (...args: string[]) =>
      (await livestillJson('app', 'limit', '1000001', '--data', dataDir, ...args)).limits;
    expect(await limit('--rate', '2.5', '--burst', '10')).toEqual({
      requestsPerSecond: 2.5,
      burst: 10,
      concurrent: null,
      daily: null,
    });
    expect(await limit('--concurrent', '4', '--daily', '1000')).toMatchObject({
      requestsPerSecond: 2.5,
      concurrent: 4,
      daily: 1000,
    });
    const { out } = await livestill('app', 'limit', '1000001', '--data', dataDir);
    expect(out).toBe('Limits of 1000001: 2.5/s, burst 10, 4 at once, 1000 a day\n');
    expect(
      await limit('--rate', 'none', '--burst', 'none', '--concurrent', 'none', '--daily', 'none'),
    ).toMatchObject({ burst: null, daily: null });
    expect(await livestill('app', 'limit', '1000001', '--data', dataDir, '--rate', 'fast')).toMatchObject({
      status: 2,
      err: expect.stringContaining('Expected a number or none.'),
    });
    expect(await livestill('app', 'limit', '1000001', '--data', dataDir, '--daily', '0')).toMatchObject({
      status: 2,
      err: expect.stringContaining('requests a day: expected a whole number from 1'),
    });
  });

  it('sets what the app decides for itself, and goes back to the default', async () => {
    const policy = async (...args: string[]) =>
      (await livestillJson('app', 'policy', '1000001', '--data', dataDir, ...args)).policy;
    expect(await policy('--threshold', '92.5', '--profile', 'fast')).toEqual({
      threshold: 92.5,
      profile: 'fast',
      capture: null,
      review: null,
    });
    expect(await policy('--threshold', 'default')).toEqual({
      threshold: null,
      profile: 'fast',
      capture: null,
      review: null,
    });
    expect(await policy('--profile', 'default')).toEqual({
      threshold: null,
      profile: null,
      capture: null,
      review: null,
    });
  });

  it('replaces buckets', async () => {
    const buckets = (...names: string[]) =>
      livestill('app', 'buckets', '1000001', ...names, '--data', dataDir);
    expect((await buckets('a', 'b')).out).toBe('Buckets of 1000001: a, b\n');
    expect((await buckets()).out).toBe('Buckets of 1000001: not compared\n');
  });

  it('shows what was used of a daily limit', async () => {
    await livestillJson('app', 'limit', '1000001', '--data', dataDir, '--daily', '9');
    const { usage } = await temporaryStore({ dataDir });
    // Noon: the day does not end between the lines.
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-29T12:00:00Z') });
    onTestFinished(() => void vi.useRealTimers());
    await usage.consume('1000001', '2026-11-29', 9);
    expect(await livestillJson('app', 'show', '1000001', '--data', dataDir)).toMatchObject({ usedToday: 1 });
    expect((await livestill('app', 'show', '1000001', '--data', dataDir)).out).toMatch(/used today\s+1\n/);
  });

  it('names an app that is not there, and a folder that is none', async () => {
    const missing = await livestill('app', 'show', '7', '--data', dataDir);
    expect(missing).toMatchObject({ status: 2, err: expect.stringContaining('there is no app "7"') });
    const typo = join(dataDir, 'typo');
    const nowhere = await livestill('app', 'list', '--data', typo);
    expect(nowhere).toMatchObject({
      status: 2,
      err: expect.stringContaining('is not a livestill data folder'),
    });
    expect(existsSync(typo)).toBe(false);
  });

  it('says what is wrong with the store, with status 1', async () => {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(dataDir, 'master.key'), 'nonsense\n');
    const { err, status } = await livestill('app', 'list', '--data', dataDir);
    expect(status).toBe(1);
    expect(err).toContain('expected 32 bytes as base64 or as 64 hexadecimal letters');
    expect(err).not.toContain('nonsense');
  });
});

describe('livestill key', () => {
  beforeEach(() => create('--appid', '1000001', ...brought));
  const list = () =>
    livestillJson<{ secretId: string; enabled: boolean; expiresAt: string | null }[]>(
      'key',
      'list',
      '1000001',
      '--data',
      dataDir,
    );

  it('makes, imports, lists, disables and enables pairs', async () => {
    const made = await livestillJson('key', 'create', '1000001', '--data', dataDir);
    expect(made).toMatchObject({ appid: '1000001', secretKey: expect.stringMatching(/^[A-Za-z0-9]{32}$/) });
    await livestillJson(
      'key',
      'import',
      '1000001',
      '--data',
      dataDir,
      '--secret-id',
      'AKIDsecond000001',
      '--secret-key',
      'z'.repeat(20),
    );
    await livestillJson('key', 'disable', 'AKIDbrought00001', '--data', dataDir);
    expect((await list()).map((pair) => [pair.secretId, pair.enabled])).toEqual([
      ['AKIDbrought00001', false],
      [made.secretId, true],
      ['AKIDsecond000001', true],
    ]);
    const { out } = await livestill('key', 'enable', 'AKIDbrought00001', '--data', dataDir);
    expect(out).toBe('AKIDbrought00001 of 1000001 is enabled.\n');
    const everything = await livestill('key', 'list', '--data', dataDir);
    expect(everything.out).toContain('App 1000001');
    expect(everything.out).not.toContain('zzzz');
  });

  it('rotates with an overlap', async () => {
    const before = Date.now();
    const next = await livestillJson(
      'key',
      'rotate',
      'AKIDbrought00001',
      '--overlap',
      '7d',
      '--data',
      dataDir,
    );
    const [old, fresh] = await list();
    const days = (Date.parse(old!.expiresAt!) - before) / 86_400_000;
    expect(days).toBeGreaterThanOrEqual(7);
    expect(days).toBeLessThan(7.1);
    expect([fresh!.secretId, fresh!.expiresAt]).toEqual([next.secretId, null]);
    expect(next).toMatchObject({ replaced: { secretId: 'AKIDbrought00001', endsAt: old!.expiresAt } });
    const wrong = await livestill(
      'key',
      'rotate',
      'AKIDbrought00001',
      '--overlap',
      'week',
      '--data',
      dataDir,
    );
    expect(wrong).toMatchObject({
      status: 2,
      err: expect.stringContaining('Expected a duration such as 90s, 30m, 12h or 7d.'),
    });
    const same = await livestill('key', 'rotate', 'AKIDbrought00001', ...brought, '--data', dataDir);
    expect(same).toMatchObject({ status: 2, err: expect.stringContaining('must differ') });
  });

  it('rotates the master key, also below an open service', async () => {
    const service = await openStore({ dataDir, thread: false });
    const before = readFileSync(join(dataDir, 'master.key'), 'utf8');
    expect(await livestillJson('key', 'rotate-master', '--data', dataDir)).toMatchObject({ reencrypted: 1 });
    expect(readFileSync(join(dataDir, 'master.key'), 'utf8')).not.toBe(before);
    expect((await service.accounts.findSecret('AKIDbrought00001'))!.secretKey).toBe('k'.repeat(32));
    await service.close();
  });

  it('gives advice that works on the same data folder, and lists the keys of both APIs', async () => {
    const data = join(await temporaryFolder(), 'data');
    await livestill('app', 'create', '--appid', '1000001', '--data', data);
    const { err } = await livestill('key', 'create', '7', '--data', data);
    expect(err).toContain(`"livestill app list --data ${data}"`);
    await livestill('key', 'create', '1000001', '--kind', 'api', '--data', data);
    const { out } = await livestill('key', 'list', '--data', data);
    expect(out).toMatch(/pairs of the old call\n.*AKID.*API keys of the v1 API\n.*lsk_/s);
    const both = (await livestillJson('key', 'list', '--data', data)) as { kind: string }[];
    expect(both.map(({ kind }) => kind)).toEqual(['secret', 'api']);
    const api = (await livestillJson('key', 'list', '--kind', 'api', '--data', data)) as { kind: string }[];
    expect(api.map(({ kind }) => kind)).toEqual(['api']);
  });
});
