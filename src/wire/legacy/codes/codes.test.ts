import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, Fault, type FaultKind, type FaultReason } from '../../../faults.ts';
import { CATALOGUE } from './catalogue.ts';
import { codeOf, LEGACY_CODES, reply, variantsOf } from './codes.ts';

const specFile = new URL('../../../../test/contract/vectors/error-codes.json', import.meta.url);
const entries = [...CATALOGUE.values()];

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
    expect(CATALOGUE.size).toBe(81);
    expect(new Set(entries.map((entry) => entry.name)).size).toBe(81);
    for (const entry of entries) {
      expect(CATALOGUE.get(entry.code)).toBe(entry);
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
    expect(new Set(CATALOGUE.keys())).toEqual(new Set(documented.map((one) => one.code)));
    for (const { code, observedHttp, observedMessages } of documented) {
      const entry = CATALOGUE.get(code)!;
      if (!entry.sent) continue;
      if (observedHttp !== null) expect(entry.http).toBe(observedHttp);
      if (observedMessages.length > 0) expect(observedMessages).toContain(entry.message);
    }
  });
});

const kinds = Object.keys(FAULT_KINDS) as FaultKind[];
const fault = (kind: FaultKind, options = {}) =>
  new Fault(kind, 'some_reason' as FaultReason, 'what only the operator may see', options);

describe('a reply', () => {
  it.each(contract)('of code %i says %s with HTTP %i', (code, message, http) => {
    const same = kinds.filter(
      (kind) => LEGACY_CODES[kind].code === code && LEGACY_CODES[kind].message === message,
    );
    expect(same).not.toEqual([]);
    for (const kind of same) expect(reply(fault(kind))).toMatchObject({ code, message, http });
  });

  it('has a documented code for every kind, and never says what the fault says', () => {
    for (const kind of kinds) {
      const { code, http, message } = reply(fault(kind));
      expect(CATALOGUE.get(code)?.sent).toBe(true);
      expect([400, 401, 403, 404, 405, 408, 413, 417, 421, 429, 431, 500, 503, 200]).toContain(http);
      expect(message).not.toContain('operator');
    }
  });

  it.each([
    ['appid_missing', 3, "don't find appid", 400],
    ['app_suspended', 3, 'account abnormal,errorno is:2', 403],
    ['app_closed', 3, 'account abnormal,errorno is:2', 403],
    ['url_invalid', 21, 'invalid parameter: url', 400],
    ['image_invalid', 21, 'invalid parameter: image', 400],
  ] as const)('of %s has a text of its own', (kind, code, message, http) => {
    expect(reply(fault(kind))).toEqual({ code, message, http });
    expect(variantsOf(code)).toContainEqual({ code, message, http });
  });

  it('of what nobody foresaw is 213', () => {
    expect(reply(new TypeError('x'))).toEqual({ code: 213, http: 500, message: 'internal error' });
    expect(codeOf(null)).toBe(0);
  });

  it.each([
    ['rate_limited', undefined, 1],
    ['rate_limited', 0.2, 1],
    ['rate_limited', 12.1, 13],
    ['rate_limited', -5, 1],
    ['rate_limited', Number.NaN, 1],
    ['busy', undefined, 1],
    ['accounts_unavailable', undefined, undefined],
    ['accounts_unavailable', 30, 30],
  ] as const)('of %s asked to come back in %s seconds says %s', (kind, retryAfter, expected) => {
    expect(reply(fault(kind, retryAfter === undefined ? {} : { retryAfter })).retryAfter).toBe(expected);
  });
});
