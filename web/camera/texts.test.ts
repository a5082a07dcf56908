import { describe, expect, it } from 'vitest';
import { ERROR_KINDS, HINT_KINDS, REFUSAL_KINDS } from './kinds.ts';
import { textsFor } from './texts.ts';
import { english } from './texts-en.ts';
import { chinese } from './texts-zh.ts';

describe('texts', () => {
  it.each([
    ['zh', chinese],
    ['zh-Hans-CN', chinese],
    ['ZH-TW', chinese],
    ['zha', english],
    ['en-GB', english],
    ['de', english],
    ['', english],
  ])('for the language %s are known', (tag, texts) => expect(textsFor(tag)).toBe(texts));

  it.each([english, chinese])('of $lang say something of their own for every kind', (texts) => {
    for (const [kinds, said] of [
      [HINT_KINDS, Object.entries(texts.hints)],
      [REFUSAL_KINDS, Object.entries(texts.refusals)],
      [ERROR_KINDS, Object.entries(texts.errors)],
    ] as const) {
      expect(said.map(([kind]) => kind).sort()).toEqual([...kinds].sort());
      for (const [kind, text] of said) expect([kind, JSON.stringify(text)]).not.toEqual([kind, '""']);
    }
  });

  it('hints are short enough for one line of a phone', () => {
    expect(Object.values(english.hints).filter((text) => text.length > 36)).toEqual([]);
    expect(Object.values(chinese.hints).filter((text) => text.length > 16)).toEqual([]);
  });
});
