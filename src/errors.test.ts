import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue, Fault, reply, UsageError, wireMessage, wireVariants } from './errors.ts';

const specFile = new URL('../test/contract/vectors/error-codes.json', import.meta.url);
const entries = [...catalogue.values()];

/** Every code of the contract with its message and status. */
const contract: readonly (readonly [code: number, message: string, http: number])[] = [
  [3, 'invalid request: parsing error - check content-type and body', 400],
  [4, 'has no sign or sign is empty', 401],
  [5, 'sign format error', 401],
  [6, 'appid or bucket not match the sign', 401],
  [9, 'sign expired', 401],
  [10, 'appid not exist', 401],
  [11, 'secretid not exist', 401],
  [12, 'appid not match', 401],
  [13, 'replay attack', 401],
  [14, 'sign no pass', 401],
  [15, 'request too frequent', 429],
  [16, 'bucket not exist', 401],
  [23, 'request body too large', 413],
  [107, 'auth service unavailable', 503],
  [108, 'auth service unavailable', 503],
  [213, 'internal error', 500],
  [-4015, 'face detect failed', 200],
  [-4016, 'image decode failed', 200],
  [-5802, 'server busy', 503],
  [-5805, 'no image or url download failed', 200],
];

describe('the catalogue', () => {
  it('holds 81 codes, each with both languages, a name of its own and what to do', () => {
    expect(catalogue.size).toBe(81);
    expect(new Set(entries.map((entry) => entry.name)).size).toBe(81);
    for (const entry of entries) {
      expect(catalogue.get(entry.code)).toBe(entry);
      expect(entry.name).toMatch(/^[A-Z][A-Z0-9_]+$/);
      for (const text of [entry.zh, entry.action.zh]) expect(text).toMatch(/[\u4e00-\u9fff]/);
      for (const text of [entry.en, entry.action.en, entry.message]) expect(text).toMatch(/[A-Za-z]/);
      expect([200, 400, 401, 403, 413, 429, 500, 503]).toContain(entry.http);
    }
  });

  it('sends those of the contract and code 0 and 21, no others', () => {
    const sent = entries.filter((entry) => entry.sent).map((entry) => entry.code);
    expect(new Set(sent)).toEqual(new Set([0, 21, ...contract.map(([code]) => code)]));
  });

  it('holds exactly the codes of the specification, with the messages that were observed', () => {
    const documented = JSON.parse(readFileSync(specFile, 'utf8')) as {
      code: number;
      observedHttp: number | null;
      observedMessages: string[];
    }[];
    expect(new Set(catalogue.keys())).toEqual(new Set(documented.map((one) => one.code)));
    for (const { code, observedHttp, observedMessages } of documented) {
      const entry = catalogue.get(code)!;
      if (!entry.sent) continue;
      if (observedHttp !== null) expect(entry.http).toBe(observedHttp);
      if (observedMessages.length > 0) expect(observedMessages).toContain(entry.message);
    }
  });
});

describe('a reply', () => {
  it.each(contract)('of code %i says %s with HTTP %i', (code, message, http) => {
    const fault = new Fault(code, 'some_reason', 'what only the operator may see');
    expect(reply(fault)).toMatchObject({ code, message, http });
    expect(wireMessage(fault)).toBe(message);
  });

  it.each([
    ['appid_missing', "don't find appid", 400],
    ['account_suspended', 'account abnormal,errorno is:2', 403],
    ['account_closed', 'account abnormal,errorno is:2', 403],
  ])('of code 3 follows its reason: %s', (reason, message, http) => {
    expect(reply(new Fault(3, reason, 'x'))).toEqual({ code: 3, message, http });
    expect(wireVariants.map((variant) => variant.reason)).toContain(reason);
  });

  it('follows the reason for code 3 alone', () => {
    expect(reply(new Fault(9, 'appid_missing', 'x')).message).toBe('sign expired');
  });

  it.each([
    ['url', 'url'],
    ['url:scheme', 'url'],
    ['image:not base64', 'image'],
    ['', 'unknown'],
    ['<script>', 'unknown'],
    [`x${'y'.repeat(99)}`, 'unknown'],
  ])('of code 21 with reason %j names %s', (reason, name) => {
    expect(reply(new Fault(21, reason, 'x'))).toEqual({
      code: 21,
      http: 400,
      message: `invalid parameter: ${name}`,
    });
  });

  it.each([0, 1, 7, 24, 999, -1101, -5011, Number.NaN])(
    'of code %d, which is never sent as a fault, is 213',
    (code) => {
      expect(reply(new Fault(code, 'odd', 'x'))).toEqual({ code: 213, http: 500, message: 'internal error' });
    },
  );

  it.each([
    [15, undefined, 1],
    [15, 0.2, 1],
    [15, 12.1, 13],
    [15, -5, 1],
    [15, Number.NaN, 1],
    [-5802, undefined, 1],
    [107, undefined, undefined],
    [107, 30, 30],
  ])('of code %i asked to come back in %s seconds says %s', (code, retryAfter, expected) => {
    const options = retryAfter === undefined ? {} : { retryAfter };
    expect(reply(new Fault(code, 'r', 'x', options)).retryAfter).toBe(expected);
  });
});

describe('errors', () => {
  it('keep their cause and their name', () => {
    const cause = new Error('deep');
    expect(new Fault(213, 'r', 'm', { cause })).toMatchObject({ name: 'Fault', cause, message: 'm' });
    expect(new UsageError('r', 'm', { cause })).toMatchObject({ name: 'UsageError', cause, reason: 'r' });
    expect('cause' in new UsageError('r', 'm')).toBe(false);
  });
});
