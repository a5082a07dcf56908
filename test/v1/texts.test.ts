import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ReasonCode, reason } from '../../src/liveness/reasons.ts';
import { chooseLanguage } from '../../src/wire/v1/language.ts';
import { PROBLEM_KINDS } from '../../src/wire/v1/problem-catalogue.ts';
import { textsOf } from '../../src/wire/v1/reason-texts.ts';
import { CHINESE_TEXTS } from '../../src/wire/v1/reason-texts.zh.ts';

const chinese = /[\u4e00-\u9fff]/;

describe('texts of reasons', () => {
  const source = readFileSync(new URL('../../src/liveness/reasons.ts', import.meta.url), 'utf8');
  const codes = Array.from(source.matchAll(/^ {2}([A-Z_]+): \[/gm), (match) => match[1] as ReasonCode);

  it('are there in Chinese for every code of the engine, and for no other', () => {
    expect(codes.length).toBeGreaterThanOrEqual(20);
    expect(Object.keys(CHINESE_TEXTS).sort()).toEqual([...codes].sort());
  });

  it.each(codes)("of %s are Chinese where asked, else the engine's own", (code) => {
    const zh = textsOf(reason(code), 'zh');
    expect(zh.text).toMatch(chinese);
    expect(zh.advice).toMatch(chinese);
    const { text, advice } = reason(code);
    expect(textsOf(reason(code), 'en')).toEqual({ text, advice });
    // Numbers are limits: both languages must name the same ones.
    expect(zh.text.match(/\d+/g)).toEqual(text.match(/\d+/g));
  });

  it('do not say whether the picture was judged: that depends on the policy', () => {
    const decided = /judged?\b|判断/;
    expect(codes.filter((code) => decided.test(reason(code).text + CHINESE_TEXTS[code].text))).toEqual([]);
  });

  it('of a code without Chinese ones stay English', () => {
    const foreign = { code: 'toString', severity: 'info', text: 'a', advice: 'b' } as const;
    expect(textsOf(foreign, 'zh')).toEqual({ text: 'a', advice: 'b' });
  });
});

describe('texts of problems', () => {
  it.each(Object.entries(PROBLEM_KINDS))(
    '%s has title and action in both languages',
    (_code, { title, action }) => {
      for (const texts of [title, action]) {
        expect(texts.en).toMatch(/^[A-Z][ -~…]+$/);
        expect(texts.zh).toMatch(chinese);
      }
    },
  );
});

describe('the language', () => {
  it.each([
    [undefined, 'en'],
    ['', 'en'],
    ['zh', 'zh'],
    ['ZH-hans-CN', 'zh'],
    ['fr, zh;q=0.1', 'zh'],
    ['en, zh', 'en'],
    ['zh, en', 'zh'],
    ['en;q=0.5, zh;q=0.6', 'zh'],
    ['zh;q=0', 'en'],
    ['zh;q=9', 'en'],
    ['*', 'en'],
    ['*;q=0.9, zh;q=0.8', 'en'],
  ])('for %j is %s', (header, language) => {
    expect(chooseLanguage(header)).toBe(language);
  });

  it('is one of the two for every header', () => {
    fc.assert(fc.property(fc.string(), (header) => ['en', 'zh'].includes(chooseLanguage(header))));
  });
});
