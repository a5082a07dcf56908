import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Fault } from '../../faults.ts';
import { parseJsonBody } from '../legacy/json-body.ts';
import { parseJsonObject } from '../v1/json-object.ts';
import { jsonNumber, jsonText, MOST_MEMBERS, MOST_VALUES, type ScannedJson, scanJson } from './json-scan.ts';

const wanted = ['appid', 'image', 'url', 'sign'];

/** What `JSON.parse` makes of the same bytes; undefined where it refuses them. */
function parsed(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8').replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

/** The wanted members as `JSON.parse` would have built them. */
function built(text: Buffer, { members }: ScannedJson): Record<string, unknown> {
  return Object.fromEntries(
    [...members].map(([name, span]) => {
      const slice = text.toString('utf8', span.start, span.end);
      return [name, span.kind === 'text' ? jsonText(text, span) : JSON.parse(slice)];
    }),
  );
}

function expectAlike(text: Buffer): void {
  const [mine, theirs] = [scanJson(text, wanted), parsed(text)];
  if (theirs === undefined || mine === null) {
    expect([text.toString('latin1'), mine]).toEqual([text.toString('latin1'), null]);
    expect(theirs).toBe(undefined);
    return;
  }
  const isObject = typeof theirs === 'object' && theirs !== null && !Array.isArray(theirs);
  expect(mine.kind === 'object').toBe(isObject);
  if (!isObject) return void expect(mine.members.size).toBe(0);
  const own = Object.entries(theirs).filter(([name]) => wanted.includes(name));
  expect(built(text, mine)).toEqual(Object.fromEntries(own));
  expect(mine.other === null).toBe(own.length === Object.keys(theirs).length);
}

afterEach(() => vi.restoreAllMocks());

describe('scanJson accepts and finds what JSON.parse does', () => {
  it.each([
    ...['', ' ', '{}', ' { } ', '[]', 'null', 'true', 'fals', 'truee', '"', '""', '"\\', '"\\u00', '"\\x"'],
    ...['-', '-0', '00', '01', '1.', '.5', '1.5e', '1e+', '1E-07', '-1.5e300', '+1', '0x1', 'NaN'],
    ...[
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      '{,}',
      '[1,]',
      '[,1]',
      '[1 2]',
      '{"a" 1}',
      '{a:1}',
      '[}',
      '{]',
      '[[]',
      '[]]',
    ],
    ...['{}{}', '{} x', '\u00a0{}', '\ufeff{}', '\ufeff\ufeff{}', '{"a":"\u0000"}', '{"a":"\u007f\u2028"}'],
    ...['{"url":"a","url":2}', '{"url":2,"url":"a"}', '{"x":{"url":"a"},"url":null}', '{"x":[{"url":1}]}'],
    ...[
      '{"\\u0075rl":"a"}',
      '{"\\u0075\\u0072\\u006c":"a"}',
      '{"\\u0055rl":"a"}',
      '{"ur\\/":"a"}',
      '{"ur\\u006":1}',
    ],
    ...['{"__proto__":{"url":"a"}}', '{"constructor":1}', '{"url ":1}', '{"ur":1}', '{"urls":1}', '{"":1}'],
    ...[
      '{"image":"a\\/b\\u0041\\n\\ud83d\\ude00"}',
      '{"image":"\\ud83d"}',
      '{"appid":1000001}',
      '{"appid":1e6}',
    ],
  ])('%j', (text) => expectAlike(Buffer.from(text)));

  it('bytes that are no UTF-8', () => {
    for (const bytes of [
      '\xff',
      '{"url":"\xff"}',
      '{"url":"\xe9',
      '{"url":"\xe9"}',
      '{\xe9}',
      '\xef\xbb{}',
    ]) {
      expectAlike(Buffer.from(bytes, 'latin1'));
    }
  });

  it('any tokens in any order', () => {
    const token = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        ' ',
        '\n',
        '"url"',
        '"image":',
        '"x":',
        '"\\u0075rl":',
        '\\',
        '\\u00',
      ],
      ...['0', '1', '-', '.', 'e', '+', 'true', 'null', 'false', 't', '"a"', '\xef\xbb\xbf', '\xff', '\x00'],
    );
    const text = fc.array(token, { maxLength: 12 }).map((tokens) => Buffer.from(tokens.join(''), 'latin1'));
    fc.assert(fc.property(text, expectAlike), { numRuns: 20_000 });
  });

  it('JSON as it is, and with one byte changed', () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    const object = fc.dictionary(fc.oneof(fc.constantFrom(...wanted), fc.string()), value);
    const spacing = fc.constantFrom('', ' ', '\t');
    fc.assert(
      fc.property(object, spacing, fc.nat(), fc.nat(255), (content, space, place, byte) => {
        const text = Buffer.from(JSON.stringify(content, null, space));
        expectAlike(text);
        text[place % text.length] = byte;
        expectAlike(text);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the cost of a body', () => {
  const many = (count: number, piece: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => piece(at));
  const bodies: [string, (count: number) => string][] = [
    ['members', (count) => `{${many(count, (at) => `"k${at}":0`).join()}}`],
    ['members of one name', (count) => `{${many(count, () => '"url":0').join()}}`],
    ['members with escaped names', (count) => `{${many(count, () => '"\\u0061ppid":0').join()}}`],
    ['a deep list', (count) => `${'['.repeat(count)}${']'.repeat(count)}`],
    ['a deep object beside the point', (count) => `{"a":${'{"url":'.repeat(count)}1${'}'.repeat(count + 1)}`],
    ['a deep object for a url', (count) => `${'{"url":'.repeat(count)}1${'}'.repeat(count)}`],
    ['empty objects', (count) => `{"image":[${many(count, () => '{}').join()}]}`],
    ['a long number', (count) => `{"appid":${'1'.repeat(count)}}`],
    ['numbers', (count) => `{"a":[${many(count, () => '-1.5e7').join()}]}`],
    ['strings', (count) => `{"a":[${many(count, (at) => `"${at}"`).join()}]}`],
    ['escapes', (count) => `{"x":"${'\\u0041'.repeat(count)}"}`],
    ['strings that never end', (count) => `{"a":[${many(count, () => '"\\"').join()}`],
    ['white space', (count) => `{${' '.repeat(count)}}`],
  ];

  /** Whether a body was taken, or refused for the number of its members. */
  function scanned(text: Buffer): 'taken' | 'refused' | 'failed' {
    try {
      scanJson(text, wanted);
      return 'taken';
    } catch (error) {
      return (error as Fault).reason === 'json_too_many' ? 'refused' : 'failed';
    }
  }

  it.each([
    ['members at the top', (count: number) => `{${many(count, (at) => `"k${at}":0`).join()}}`, MOST_MEMBERS],
    [
      'members with escaped names',
      (count: number) => `{${many(count, () => '"\\u0069":0').join()}}`,
      MOST_MEMBERS,
    ],
    ['values below', (count: number) => `{"a":[${many(count - 2, () => '0').join()}]}`, MOST_VALUES],
    ['levels', (count: number) => `${'['.repeat(count)}${']'.repeat(count)}`, MOST_VALUES],
  ] as const)('%s are taken up to their number, and one more is code 3', (_name, make, most) => {
    expect(scanned(Buffer.from(make(most)))).toBe('taken');
    expect(scanned(Buffer.from(make(most + 1)))).toBe('refused');
    expect(() => parseJsonBody(Buffer.from(make(most + 1)))).toThrow(
      expect.objectContaining({ kind: 'request_malformed', reason: 'json_too_many' }),
    );
  });

  /** The same bytes; counts how often one of them is read. */
  function counted(text: Buffer): { readonly text: Buffer; reads: number } {
    const count = { text, reads: 0 };
    count.text = new Proxy(text, {
      get(target, key) {
        if (typeof key === 'string' && /^\d+$/.test(key)) count.reads++;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    return count;
  }

  it.each(bodies)('%s: every byte is read a few times, however many there are', (_name, make) => {
    for (const count of [100, 10_000]) {
      const body = counted(Buffer.from(make(count)));
      expect(scanned(body.text)).not.toBe('failed');
      expect(body.reads).toBeLessThan(8 * body.text.length + 100);
    }
  });

  it.each(bodies)('%s: nothing of it is built', (_name, make) => {
    const body = Buffer.from(make(10_000));
    const parse = vi.spyOn(JSON, 'parse');
    for (const read of [parseJsonBody, parseJsonObject]) {
      try {
        read(body);
      } catch {
        // Refused: that is an answer too.
      }
    }
    const characters = parse.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
    expect(characters).toBeLessThan(100);
  });

  it('a number longer than a thousand digits is none', () => {
    const number = (digits: number) => {
      const text = Buffer.from(`{"appid":1.${'0'.repeat(digits)}}`);
      return jsonNumber(
        text,
        scanJson(text, wanted)?.members.get('appid') ?? { kind: 'number', start: 0, end: 0 },
      );
    };
    expect([number(10), number(1000)]).toEqual([1, Number.NaN]);
  });
});
