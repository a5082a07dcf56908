import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryStore } from '../../store/test-support/temp-store.ts';
import { ADVICE } from './advice.ts';
import { ADVICE_ZH } from './advice.zh.ts';
import { type DiagnosisInput, diagnose } from './diagnose.ts';
import { sign } from './signature.ts';

const now = 1_795_000_000;
const settings = { skewSeconds: 300, windowSeconds: 900, maxDays: 90, bodySign: false };
const secretKey = 'nwOKDouy5JctNOlnere4gkVoOUz5EYAb';
const secretId = 'AKIDgaoOYh2kOmJfWVdH4lpfxScG2zPLPGoK';
const original = `a=1000001&b=tencentyun&k=${secretId}&e=${now + 3600}&t=${now}&r=11162&f=`;
const good = sign({ appid: '1000001', secretId, expires: now + 3600, issued: now, rand: 5 }, secretKey);

const hmac = (key: string, text: string, algorithm = 'sha1') =>
  createHmac(algorithm, key).update(text).digest();
const join = (...parts: (Buffer | string)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))).toString(
    'base64',
  );
const digest = hmac(secretKey, original);

const look = (text: string, more: Partial<DiagnosisInput> = {}) =>
  diagnose({ text, now: now * 1000, settings, secretKey, ...more });

async function errorsOf(text: string, more: Partial<DiagnosisInput> = {}): Promise<(string | null)[][]> {
  const { findings } = await look(text, more);
  return findings.filter((one) => one.severity === 'error').map((one) => [one.kind, one.reason]);
}

describe('a good signature', () => {
  it('is accepted, with the time it is still good for', async () => {
    const { accepted, verified, findings } = await look(good);
    expect([accepted, verified]).toEqual([true, true]);
    expect(findings).toMatchObject([
      { severity: 'note', reason: 'multi_use', text: 'Usable many times, for another 1 h.' },
    ]);
  });

  it('is accepted as unverified where no key is at hand', async () => {
    const { accepted, verified, findings } = await look(good, { secretKey: undefined });
    expect([accepted, verified]).toEqual([true, false]);
    expect(findings.map((one) => one.reason)).toEqual(['not_verified', 'multi_use']);
  });

  it('may be url-encoded or quoted: noted, not refused', async () => {
    const { accepted, findings } = await look(`"${encodeURIComponent(good)}"`);
    expect(accepted).toBe(true);
    expect(findings.map((one) => one.reason)).toEqual(['quoted', 'url_encoded', 'multi_use']);
  });

  it('for single use says how long it is still good', async () => {
    const once = sign({ appid: '1000001', secretId, expires: 0, issued: now - 60, fileid: 'f' }, secretKey);
    const { accepted, findings } = await look(once);
    expect(accepted).toBe(true);
    expect(findings[0]).toMatchObject({
      reason: 'single_use',
      text: expect.stringContaining('another 14 min'),
    });
  });
});

describe('the mistakes people make', () => {
  const hexDigest = digest.toString('hex');
  it.each([
    ['the digest alone', join(digest), 'digest_only'],
    ['the digest alone, in hexadecimal', hexDigest, 'hex_encoded'],
    [
      'all of it in hexadecimal',
      Buffer.from(join(digest, original), 'base64').toString('hex'),
      'hex_encoded',
    ],
    ['the original alone', join(original), 'original_only'],
    ['the original in clear', original, 'original_in_clear'],
    ['the digest after the original', join(original, digest), 'digest_appended_after'],
    ['the digest in hexadecimal, then the original', join(hexDigest, original), 'hex_digest'],
    ['the digest in base64, then the original', join(digest.toString('base64'), original), 'base64_digest'],
    ['a SHA-256 digest', join(hmac(secretKey, original, 'sha256'), original), 'sha256_digest'],
    [
      'a SHA-256 digest in hexadecimal',
      join(hmac(secretKey, original, 'sha256').toString('hex'), original),
      'sha256_digest',
    ],
    [
      'an MD5 digest in hexadecimal',
      join(hmac(secretKey, original, 'md5').toString('hex'), original),
      'md5_digest',
    ],
    ['the digest through Latin-1 text', join(digest.toString('latin1'), original), 'utf8_digest'],
    ['all of it through Latin-1 text', join(`${digest.toString('latin1')}${original}`), 'utf8_digest'],
    ['the digest through UTF-8 text', join(digest.toString('utf8'), original), 'utf8_lossy_digest'],
    ['encoded twice', join(join(digest, original)), 'encoded_twice'],
    ['brackets around it', `[${good}]`, 'brackets'],
    ['a scheme word', `Bearer ${good}`, 'scheme_word'],
    ['nothing', '', 'sign_empty'],
  ])('%s', async (_what, text, reason) => {
    const [[kind, found], ...others] = await errorsOf(text);
    expect([found, others]).toEqual([reason, []]);
    expect(kind).toBe(reason === 'sign_empty' ? 'signature_missing' : 'signature_malformed');
  });

  it('a digest that went through text, whatever its bytes and the order of the fields', async () => {
    const field = fc.constantFrom('a=1', 'b=x', 'k=AKIDabcdefgh', `e=${now + 60}`, `t=${now}`, 'r=7', 'f=');
    const fields = fc
      .uniqueArray(field, { minLength: 7, maxLength: 7 })
      .filter(([first]) => /^[abk]=/.test(first ?? ''));
    const digests = fc
      .uint8Array({ minLength: 20, maxLength: 20 })
      .map((array) => Buffer.from(array))
      .filter((one) => one.some((byte) => byte > 127));
    await fc.assert(
      fc.asyncProperty(digests, fields, async (one, parts) => {
        const rest = parts.join('&');
        expect(await errorsOf(join(one.toString('latin1'), rest))).toEqual([
          [expect.stringMatching(/^signature_(?:malformed|invalid)$/), 'utf8_digest'],
        ]);
        const lossy = one.toString('utf8');
        if (!lossy.includes('\ufffd')) return;
        expect(await errorsOf(join(lossy, rest))).toEqual([
          [expect.stringMatching(/^signature_(?:malformed|invalid)$/), 'utf8_lossy_digest'],
        ]);
      }),
      {
        // A digest that ends like the name of a field.
        examples: [
          [
            Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 0, 128, 107, 61]),
            ['b=x', `t=${now}`, `e=${now + 60}`, 'f=', 'k=AKIDabcdefgh', 'a=1', 'r=7'],
          ],
        ],
      },
    );
  });

  it.each([
    ['another key', hmac('x'.repeat(32), original), 'hmac_differs'],
    ['the SecretId as the key', hmac(secretId, original), 'signed_with_secret_id'],
    ['a line break after the key', hmac(`${secretKey}\n`, original), 'key_with_line_break'],
    ['a space after the key', hmac(`${secretKey} `, original), 'key_with_line_break'],
    ['a line break after the original', hmac(secretKey, `${original}\n`), 'original_with_line_break'],
    ['key and text swapped', hmac(original, secretKey), 'key_and_text_swapped'],
    ['a plain SHA-1', createHash('sha1').update(original).digest(), 'plain_sha1'],
    ['a cut SHA-256', hmac(secretKey, original, 'sha256').subarray(0, 20), 'sha256_cut'],
    [
      'the digest as ASCII with question marks',
      digest.map((byte) => (byte < 128 ? byte : 63)),
      'ascii_digest',
    ],
    ['the digest as ASCII of seven bits', digest.map((byte) => byte & 127), 'ascii_digest'],
    ['the url-encoded original signed', hmac(secretKey, encodeURIComponent(original)), 'signed_url_encoded'],
  ])('%s', async (_what, wrong, reason) => {
    expect(await errorsOf(join(Buffer.from(wrong), original))).toEqual([['signature_invalid', reason]]);
  });

  it.each([
    ['expired', { expires: now - 60, issued: now - 120 }, 'signature_expired', 'expired'],
    [
      'valid for over 90 days',
      { expires: now + 91 * 86_400, issued: now },
      'signature_expired',
      'over_maximum',
    ],
    [
      'a clock that is ahead',
      { expires: now + 9000, issued: now + 7200 },
      'signature_invalid',
      'clock_ahead',
    ],
    [
      'milliseconds',
      { expires: (now + 60) * 1000, issued: now * 1000 },
      'signature_invalid',
      'issued_in_milliseconds',
    ],
    ['e=0 without a file', { expires: 0, issued: now }, 'signature_malformed', 'single_use_without_fileid'],
  ])('%s', async (_what, times, kind, reason) => {
    expect(await errorsOf(sign({ appid: '1000001', secretId, ...times }, secretKey))).toEqual([
      [kind, reason],
    ]);
  });

  it('brackets of the documentation around appid and SecretId', async () => {
    const text = sign(
      { appid: '[1000001]', secretId: `[${secretId}]`, expires: now + 60, issued: now },
      secretKey,
    );
    expect(await errorsOf(text)).toEqual([
      ['app_unknown', 'appid_in_brackets'],
      ['key_unknown', 'secretid_in_brackets'],
    ]);
  });

  it('another appid than the request will carry', async () => {
    expect(await errorsOf(good, { appid: '1000002' })).toEqual([['signature_misdirected', 'appid_differs']]);
  });

  it('several at once are all named', async () => {
    const text = sign({ appid: '1000001', secretId, expires: now - 60, issued: now - 120 }, 'x'.repeat(32));
    expect(await errorsOf(text, { appid: '1000002' })).toEqual([
      ['signature_invalid', 'hmac_differs'],
      ['signature_expired', 'expired'],
      ['signature_misdirected', 'appid_differs'],
    ]);
  });
});

describe('with the accounts of a data folder', () => {
  it('names what is wrong with the account, too', async () => {
    const { accounts } = await temporaryStore();
    await accounts.createApp({ appid: '1000001', name: 'one', buckets: ['mine'] }, { secretId, secretKey });
    await accounts.createApp(
      { appid: '1000002', name: 'two', buckets: ['theirs'] },
      { secretId: 'AKIDother0000001', secretKey },
    );
    const made = (parts: object) =>
      errorsOf(sign({ appid: '1000001', secretId, expires: now + 60, issued: now, ...parts }, secretKey), {
        secretKey: undefined,
        accounts,
      });
    expect(await made({})).toEqual([]);
    expect(await made({ appid: '1000009' })).toEqual([['app_unknown', 'appid_unknown']]);
    expect(await made({ secretId: 'AKIDnobody000001' })).toEqual([['key_unknown', 'secretid_unknown']]);
    expect(await made({ secretId: 'AKIDother0000001' })).toEqual([
      ['key_unusable', 'secretid_of_another_app'],
    ]);
    expect(await made({ bucket: 'theirs' })).toEqual([['signature_misdirected', 'bucket_of_another_app']]);
    expect(await made({ bucket: 'nobodys' })).toEqual([['bucket_unknown', 'bucket_unknown']]);
    await accounts.setSecretEnabled(secretId, false);
    await accounts.setAppState('1000001', 'suspended');
    expect(await made({})).toEqual([
      ['key_unusable', 'secretid_disabled'],
      ['app_suspended', 'account_suspended'],
    ]);
  });
});

describe('advice', () => {
  it('exists for every reason that the account room refuses with', () => {
    const files = ['signature', 'text', 'mistakes', 'time', 'diagnose', '../checks', '../authenticate'];
    const source = files
      .map((name) => readFileSync(new URL(`./${name}.ts`, import.meta.url), 'utf8'))
      .join('\n');
    const thrown = source.matchAll(/(?:malformed\(|new Fault\(\s*'[a-z_]+',|reason:)\s*'([a-z0-9_]+)'/g);
    const reasons = new Set([...thrown].map((match) => match[1]!));
    expect(reasons.size).toBeGreaterThan(40);
    expect([...reasons].filter((reason) => !ADVICE.has(reason))).toEqual([]);
  });
});

describe('the advice', () => {
  it('stands in both languages', () => {
    expect([...ADVICE_ZH.keys()].sort()).toEqual([...ADVICE.keys()].sort());
    expect([...ADVICE_ZH.values()].filter((text) => !/[一-鿿]/.test(text))).toEqual([]);
  });
});
