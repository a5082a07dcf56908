import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../faults.ts';
import { digestOf, readSignature, sign, verifyDigest } from './signature.ts';
import { knownSignatures, misprintedOriginal } from './test-support/known-signatures.ts';

const specFile = new URL('../../../test/contract/vectors/signature-vectors.json', import.meta.url);

/** The fault that `read` is refused with. */
function refusal(header: string | undefined): Fault {
  try {
    readSignature(header);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const pack = (original: string, key = 'k'.repeat(32)): string => {
  const bytes = Buffer.from(original);
  return Buffer.concat([digestOf(bytes, key), bytes]).toString('base64');
};

describe('signatures of the old service', () => {
  it.each(knownSignatures)('$what: verifies, and no other key does', (known) => {
    const parsed = readSignature(known.signature);
    expect(parsed.original.toString()).toBe(known.original);
    expect([parsed.appid, parsed.secretId]).toEqual([known.appid, known.secretId]);
    expect(parsed.singleUse).toBe(/&e=0&/.test(known.original));
    expect(verifyDigest(parsed, known.secretKey)).toBe(true);
    expect(verifyDigest(parsed, `${known.secretKey.slice(0, -1)}x`)).toBe(false);
    expect(verifyDigest(parsed, null)).toBe(false);
  });

  it('are verified over the text inside them, not over the one printed beside them', () => {
    const { secretKey, signature } = knownSignatures.at(-1)!;
    const parsed = readSignature(signature);
    const misprinted = Buffer.from(misprintedOriginal);
    expect(verifyDigest({ ...parsed, original: misprinted }, secretKey)).toBe(false);
  });

  it('are all those of the specification', () => {
    const { vectors } = JSON.parse(readFileSync(specFile, 'utf8')) as { vectors: { sign: string }[] };
    expect(new Set(knownSignatures.map((known) => known.signature))).toEqual(
      new Set(vectors.map((v) => v.sign)),
    );
  });
});

describe('sign', () => {
  it('makes what the old service made, byte for byte', () => {
    const secret = { appid: '10001290', secretId: 'AKIDgaoOYh2kOmJfWVdH4lpfxScG2zPLPGoK' };
    const signature = sign(
      { ...secret, bucket: 'tencentyun', expires: 1438669115, issued: 1436077115, rand: 11162 },
      'key',
    );
    const original =
      'a=10001290&b=tencentyun&k=AKIDgaoOYh2kOmJfWVdH4lpfxScG2zPLPGoK&e=1438669115&t=1436077115&r=11162&f=';
    expect(Buffer.from(signature, 'base64').subarray(20).toString()).toBe(original);
    expect(signature).toBe(pack(original, 'key'));
  });

  it('leaves out what is not given', () => {
    const signature = sign({ appid: '1', secretId: 'AKID', expires: 2, issued: 1 }, 'key');
    expect(Buffer.from(signature, 'base64').subarray(20).toString()).toBe('a=1&k=AKID&e=2&t=1&f=');
  });
});

describe('fields', () => {
  it.each([
    ['floats in e and t', 'a=1&k=AKID&e=1438669115.75&t=1436077115.25', 1438669115.75, 1436077115.25],
    ['a float without decimals', 'a=1&k=AKID&e=1438669115.&t=1436077115.0', 1438669115, 1436077115],
    ['scientific notation', 'a=1&k=AKID&e=1.438669115E+9&t=1.436077115e9', 1438669115, 1436077115],
    ['a negative r', 'a=1&k=AKID&e=1438669115&t=1436077115&r=-5', 1438669115, 1436077115],
    ['an over-long r', `a=1&k=AKID&e=1438669115&t=1436077115&r=${'9'.repeat(400)}`, 1438669115, 1436077115],
    ['an empty bucket', 'a=1&b=&k=AKID&e=1438669115&t=1436077115&r=1&f=', 1438669115, 1436077115],
    ['unknown fields', 'z=9&a=1&k=AKID&e=1438669115&t=1436077115&zz', 1438669115, 1436077115],
  ])('%s', (_what, original, expires, issued) => {
    expect(readSignature(pack(original))).toMatchObject({
      expires,
      issued,
      bucket: null,
      fileid: null,
      singleUse: false,
    });
  });

  it.each([
    ['a missing', 'k=AKID&e=2&t=1', 'field_missing'],
    ['a empty', 'a=&k=AKID&e=2&t=1', 'field_missing'],
    ['nothing but text', 'hello', 'field_missing'],
    ['e not a number', 'a=1&k=AKID&e=tomorrow&t=1', 'field_not_a_time'],
    ['t negative', 'a=1&k=AKID&e=2&t=-1', 'field_not_a_time'],
    ['t in hexadecimal', 'a=1&k=AKID&e=2&t=0x10', 'field_not_a_time'],
    ['e infinite', 'a=1&k=AKID&e=Infinity&t=1', 'field_not_a_time'],
    ['e out of range', 'a=1&k=AKID&e=9e99&t=1', null],
    ['a twice', 'a=1&a=2&k=AKID&e=2&t=1', 'field_twice'],
    ['single use without a file', 'a=1&k=AKID&e=0&t=1&f=', 'single_use_without_fileid'],
    ['single use with e as 0.0, without a file', 'a=1&k=AKID&e=0.0&t=1', 'single_use_without_fileid'],
    ['brackets around t', 'a=1&k=AKID&e=2&t=[1]', 'field_in_brackets'],
  ])('%s', (_what, original, reason) => {
    if (reason === null) expect(readSignature(pack(original)).expires).toBe(9e99);
    else expect(refusal(pack(original))).toMatchObject({ kind: 'signature_malformed', reason });
  });
});

const inSmallLetters = (text: string) =>
  text.replaceAll('+', '%2b').replaceAll('/', '%2f').replaceAll('=', '%3d');

describe('the header value', () => {
  const { signature, secretKey } = knownSignatures[4]!;

  it.each([
    ['white space around', `  ${signature}\t`, []],
    ['double quotes', `"${signature}"`, ['quoted']],
    ['single quotes', `'${signature}'`, ['quoted']],
    ['url-encoded', encodeURIComponent(signature), ['url_encoded']],
    ['url-encoded in small letters', inSmallLetters(signature), ['url_encoded']],
    ['url-safe', signature.replaceAll('+', '-').replaceAll('/', '_'), ['url_safe']],
    ['without padding', signature.replace(/=+$/, ''), ['padding_missing']],
    ['line breaks inside', signature.replace(/(.{60})/g, '$1\r\n'), ['line_breaks']],
    ['url-encoded line breaks', signature.replace(/(.{60})/g, '$1%0A'), ['url_encoded', 'line_breaks']],
    [
      'all of it',
      `"${encodeURIComponent(signature.replaceAll('/', '_').replace(/=+$/, ''))}\n"`,
      ['quoted', 'url_encoded', 'url_safe', 'padding_missing'],
    ],
  ])('%s is accepted', (_what, header, notes) => {
    const parsed = readSignature(header);
    expect(verifyDigest(parsed, secretKey)).toBe(true);
    expect(parsed.notes).toEqual(notes);
  });

  it.each([
    [undefined, 'signature_missing', 'sign_missing'],
    ['', 'signature_missing', 'sign_empty'],
    [' \t', 'signature_missing', 'sign_empty'],
    ['""', 'signature_missing', 'sign_empty'],
    ['A'.repeat(8193), 'signature_malformed', 'sign_too_long'],
    [`Bearer ${signature}`, 'signature_malformed', 'scheme_word'],
    [`Authorization: ${signature}`, 'signature_malformed', 'scheme_word'],
    [`[${signature}]`, 'signature_malformed', 'brackets'],
    [`${signature.slice(0, 50)} ${signature.slice(51)}`, 'signature_malformed', 'space_inside'],
    [`${signature.slice(0, 50)}*${signature.slice(51)}`, 'signature_malformed', 'not_base64'],
    [signature.slice(0, 41), 'signature_malformed', 'not_base64'],
    [`${signature}=extra`, 'signature_malformed', 'not_base64'],
    [`${signature.replace(/=+$/, '')}===`, 'signature_malformed', 'not_base64'],
    ['='.repeat(8192), 'signature_malformed', 'not_base64'],
    ['A'.repeat(20), 'signature_malformed', 'too_short'],
    [Buffer.alloc(20, 1).toString('base64'), 'signature_malformed', 'digest_only'],
    ['q-sign-algorithm=sha1&q-ak=AKID', 'signature_malformed', 'cos_signature'],
    ['TC3-HMAC-SHA256 Credential=AKID/2026-11-23', 'signature_malformed', 'tc3_signature'],
    [knownSignatures[0]!.original, 'signature_malformed', 'original_in_clear'],
  ])('%# is refused as %s', (header, kind, reason) => {
    expect(refusal(header)).toMatchObject({ kind, reason });
  });

  it('of a megabyte is refused without being decoded', () => {
    expect(refusal('A'.repeat(1 << 20))).toMatchObject({
      kind: 'signature_malformed',
      reason: 'sign_too_long',
    });
  });
});

const text = (pattern: RegExp) => fc.stringMatching(pattern);
const content = fc.record(
  {
    a: text(/^[1-9]\d{0,9}$/),
    k: text(/^AKID[A-Za-z0-9]{4,32}$/),
    e: fc.integer({ min: 1, max: 4e9 }).map(String),
    t: fc.integer({ min: 1, max: 4e9 }).map(String),
    b: text(/^[a-z0-9-]{0,20}$/),
    r: fc.integer().map(String),
    u: text(/^\d{1,6}$/),
    f: text(/^[A-Za-z0-9/._-]{0,30}$/),
  },
  { requiredKeys: ['a', 'k', 'e', 't'] },
);
const key = text(/^[!-~]{16,40}$/);
const ordered = content.chain((fields) =>
  fc.shuffledSubarray(Object.entries(fields), { minLength: Object.keys(fields).length }).map((entries) => ({
    fields,
    original: entries.map(([name, value]) => `${name}=${value}`).join('&'),
  })),
);

describe('any signature', () => {
  it('verifies with its fields in any order and any of the optional ones missing', () => {
    fc.assert(
      fc.property(ordered, key, ({ fields, original }, secretKey) => {
        const parsed = readSignature(pack(original, secretKey));
        expect(verifyDigest(parsed, secretKey)).toBe(true);
        expect(parsed).toMatchObject({
          appid: fields.a,
          secretId: fields.k,
          expires: Number(fields.e),
          issued: Number(fields.t),
          bucket: fields.b || null,
          fileid: fields.f || null,
        });
      }),
      { numRuns: 500 },
    );
  });

  it('does not verify once a bit of its bytes is flipped', () => {
    fc.assert(
      fc.property(ordered, key, fc.nat(), ({ original }, secretKey, at) => {
        const bytes = Buffer.from(pack(original, secretKey), 'base64');
        const bit = at % (bytes.length * 8);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(passes(bytes.toString('base64'), secretKey)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('does not verify once a bit of its text is flipped, but for the letters that mean the same', () => {
    const { signature, secretKey } = knownSignatures[4]!;
    const same = (text: string) => text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '').trim();
    for (let bit = 0; bit < signature.length * 8; bit += 1) {
      const bytes = Buffer.from(signature, 'latin1');
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const flipped = bytes.toString('latin1');
      if (same(flipped) !== same(signature)) expect(passes(flipped, secretKey), flipped).toBe(false);
    }
  });

  it('is read or refused with code 4 or 5, whatever text comes', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.base64String(),
      fc.uint8Array().map((b) => Buffer.from(b).toString('base64')),
    );
    fc.assert(
      fc.property(anything, (header) => {
        try {
          readSignature(header);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
          expect(['signature_missing', 'signature_malformed']).toContain((error as Fault).kind);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

function passes(header: string, secretKey: string): boolean {
  try {
    return verifyDigest(readSignature(header), secretKey);
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}
