import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readSignature, sign, verifyDigest } from '../../account/signature/signature.ts';
import { temporaryFolder } from '../../store/test-support/temp-store.ts';
import { baseUrl, curlLine, shellWord } from '../shared/curl.ts';
import { livestill, livestillJson } from '../shared/test-support/livestill.ts';

const secretKey = 'k'.repeat(32);
const signer = ['--appid', '1000001', '--secret-id', 'AKIDbrought00001', '--secret-key', secretKey];
const now = () => Math.floor(Date.now() / 1000);
let dataDir: string;
beforeEach(async () => {
  dataDir = join(await temporaryFolder(), 'data');
  vi.stubEnv('LIVESTILL_DATA_DIR', join(dataDir, 'none'));
});
afterEach(() => vi.unstubAllEnvs());

describe('livestill sign', () => {
  it('signs with a key that is given, without any data folder', async () => {
    const made = await livestillJson('sign', ...signer, '--bucket', 'mine', '--expires', '60');
    const parsed = readSignature(made.signature);
    expect(verifyDigest(parsed, secretKey)).toBe(true);
    expect(parsed).toMatchObject({
      appid: '1000001',
      secretId: 'AKIDbrought00001',
      bucket: 'mine',
      singleUse: false,
    });
    expect(parsed.expires - parsed.issued).toBe(60);
    expect(Math.abs(parsed.issued - now())).toBeLessThan(60);
    expect(made.original).toBe(parsed.original.toString());
  });

  it('signs with the only app of the data folder and its newest usable pair', async () => {
    await livestill('app', 'create', '--data', dataDir, ...signer);
    const second = await livestillJson('key', 'create', '1000001', '--data', dataDir);
    const made = await livestillJson('sign', '--data', dataDir);
    expect(verifyDigest(readSignature(made.signature), second.secretKey)).toBe(true);
    await livestill('key', 'disable', second.secretId, '--data', dataDir);
    const { out } = await livestill('sign', '--data', dataDir, '--appid', '1000001');
    expect(verifyDigest(readSignature(out.split('\n')[2]), secretKey)).toBe(true);
    expect(out).not.toContain(secretKey);
  });

  it('makes a single-use signature for a file', async () => {
    const made = await livestillJson('sign', ...signer, '--once', '--fileid', 'selfie-17');
    expect(readSignature(made.signature)).toMatchObject({ singleUse: true, fileid: 'selfie-17' });
    expect(await livestill('sign', ...signer, '--once')).toMatchObject({
      status: 2,
      err: expect.stringContaining('expected --fileid'),
    });
  });

  it('prints a curl line whose words a shell takes apart as they were meant', async () => {
    const { out } = await livestill(
      'sign',
      ...signer,
      '--url',
      'https://liveness.example.org/',
      '--image',
      "my picture's.jpg",
    );
    const line = out.trimEnd().split('\n').at(-1)!;
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' })
      .trimEnd()
      .split('\n');
    expect(words.slice(0, 3)).toEqual(['curl', '-sS', '-H']);
    expect(verifyDigest(readSignature(words[3]!.replace('Authorization: ', '')), secretKey)).toBe(true);
    expect(words.slice(4)).toEqual([
      '-F',
      'appid=1000001',
      '-F',
      "image=@my picture's.jpg",
      'https://liveness.example.org/face/livedetectpicture',
    ]);
  });

  it.each([
    [['sign', '--appid', '1000001', '--secret-key', secretKey], 'expected --appid and --secret-id together'],
    [['sign', ...signer, '--expires', '0'], 'Expected a whole number of seconds'],
    [
      ['sign', '--appid', '1', '--secret-id', 'AKIDbrought00001', '--secret-key', 'x'],
      'SecretKey: expected 16 to 128',
    ],
  ])('refuses %j', async (args, expected) => {
    expect(await livestill(...args)).toMatchObject({ status: 2, err: expect.stringContaining(expected) });
  });

  it('asks which app when there are several, and for a key when there is none', async () => {
    await livestill('app', 'create', '--data', dataDir, ...signer);
    await livestill('app', 'create', '--data', dataDir, '--appid', '1000002');
    expect(await livestill('sign', '--data', dataDir)).toMatchObject({
      status: 2,
      err: expect.stringContaining('there are 1000001, 1000002'),
    });
    await livestill('key', 'disable', 'AKIDbrought00001', '--data', dataDir);
    const none = await livestill('sign', '--data', dataDir, '--appid', '1000001');
    expect(none).toMatchObject({ status: 2, err: expect.stringContaining('no usable pair') });
    const foreign = await livestill(
      'sign',
      '--data',
      dataDir,
      '--appid',
      '1000002',
      '--secret-id',
      'AKIDbrought00001',
    );
    expect(foreign).toMatchObject({ status: 2, err: expect.stringContaining('has no SecretId') });
  });
});

describe('livestill sign --check', () => {
  const good = () =>
    sign({ appid: '1000001', secretId: 'AKIDbrought00001', issued: now(), expires: now() + 600 }, secretKey);

  it('accepts a good signature, checked with a key or with the data folder', async () => {
    await livestill('app', 'create', '--data', dataDir, ...signer);
    for (const how of [
      ['--secret-key', secretKey],
      ['--data', dataDir],
    ]) {
      const { out, status } = await livestill('sign', '--check', good(), ...how);
      expect([status, out.trimEnd().split('\n').at(-1)]).toEqual([0, 'The service accepts this signature.']);
    }
    // Without either: with the keys of the usual data folder, and without them where there is none.
    vi.stubEnv('LIVESTILL_DATA_DIR', dataDir);
    expect(await livestillJson('sign', '--check', good())).toMatchObject({ accepted: true, verified: true });
    vi.stubEnv('LIVESTILL_DATA_DIR', join(dataDir, 'none'));
    expect(await livestillJson('sign', '--check', good())).toMatchObject({ accepted: true, verified: false });
    expect(await livestill('sign', '--check', good(), '--data', join(dataDir, 'none'))).toMatchObject({
      status: 2,
      err: expect.stringContaining('is not a livestill data folder'),
    });
  });

  it('names mistake, code and fix, with status 1', async () => {
    const expired = sign(
      { appid: '1000001', secretId: 'AKIDbrought00001', issued: now() - 7200, expires: now() - 3720 },
      secretKey,
    );
    const { out, status } = await livestill('sign', '--check', expired, '--secret-key', secretKey);
    expect(status).toBe(1);
    expect(out).toMatch(/wrong \(code 9, expired\): the signature ended 1 h 2 min ago\n {2}Sign anew/);
    expect(out).toContain('The service refuses this signature.');
    expect(out).not.toContain(secretKey);
  });

  it('takes apart what cannot be parsed, as far as it goes', async () => {
    const { out, status } = await livestill('sign', '--check', '[1000001]');
    expect([status, out.startsWith('wrong (code 5, brackets)')]).toEqual([1, true]);
    const json = await livestill('sign', '--check', 'AAAA', '--json');
    expect(json.status).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      accepted: false,
      signature: null,
      findings: [{ code: 5, reason: 'too_short' }],
    });
  });

  it('says so when the bound of a number is no date', async () => {
    const text = sign({ appid: '1', secretId: 'AKIDbrought00001', issued: now(), expires: 9e15 }, secretKey);
    expect((await livestill('sign', '--check', text)).out).toContain('(no date)');
  });
});

describe('the curl line', () => {
  it('quotes any text so that a shell reads it back', () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter((s) => !s.includes('\0'));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 30 }), (texts) => {
        const script = `for word in ${texts.map(shellWord).join(' ')}; do printf '%s\\0' "$word"; done`;
        expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(
          texts,
        );
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    [{ host: '0.0.0.0', port: 80, tls: { cert: null } }, 'http://127.0.0.1:80'],
    [{ host: '::', port: 1, tls: { cert: 'c' } }, 'https://127.0.0.1:1'],
    [{ host: '::1', port: 2, tls: { cert: null } }, 'http://[::1]:2'],
    [{ host: 'liveness', port: 3, tls: { cert: null } }, 'http://liveness:3'],
  ])('%j is reached at %s', (config, url) => {
    expect(baseUrl(config)).toBe(url);
    expect(curlLine({ base: `${url}//`, signature: 's', appid: '1', image: 'i' })).toContain(
      ` ${shellWord(`${url}/face/livedetectpicture`)}`,
    );
  });
});
