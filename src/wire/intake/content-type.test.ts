import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBodyType } from './content-type.ts';

describe('readBodyType', () => {
  it.each(['application/json', '"application/json"', ' application/JSON ; charset=x', '"application/json'])(
    'JSON: %s',
    (header) => expect(readBodyType(header)).toEqual({ kind: 'json' }),
  );

  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['multipart/form-data;boundary="abc"', 'abc'],
    ['multipart/form-data; boundary="a;b"; charset=x', 'a;b'],
    ['multipart/form-data; boundary="a\\"b\\\\c"', 'a"b\\c'],
    ['multipart/form-data; x="boundary=no"; boundary=yes', 'yes'],
    ['multipart/form-data; boundary="never closed', 'never closed'],
    ['multipart/form-data; boundary=first; boundary=second', 'first'],
  ])('multipart: %s', (header, boundary) =>
    expect(readBodyType(header)).toEqual({ kind: 'multipart', boundary }),
  );

  it.each([
    [undefined, 'no_content_type'],
    ['', 'no_content_type'],
    ['""', 'no_content_type'],
    ['text/plain', 'content_type'],
    ['application/x-www-form-urlencoded', 'content_type'],
    ['multipart/form-data', 'no_boundary'],
    ['multipart/form-data; boundary=""', 'no_boundary'],
    ['multipart/form-data; boundary="a "', 'bad_boundary'],
    ['multipart/form-data; boundary=\u00e9', 'bad_boundary'],
  ])('refused: %s', (header, reason) =>
    expect(readBodyType(header)).toMatchObject({ kind: 'refused', reason }),
  );

  it('takes every boundary that RFC 2046 allows, quoted', () => {
    const characters = "0123456789abcXYZ'()+_,-./:=? ";
    const boundary = fc
      .string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength: 70 })
      .filter((text) => !text.endsWith(' '));
    fc.assert(
      fc.property(boundary, (text) => {
        expect(readBodyType(`multipart/form-data; boundary="${text}"`)).toEqual({
          kind: 'multipart',
          boundary: text,
        });
      }),
    );
  });

  it('never throws, and never gives a boundary that the library would not take', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const header of [text, `multipart/form-data;${text}`, `multipart/form-data; boundary=${text}`]) {
          const type = readBodyType(header);
          if (type.kind === 'multipart') expect(type.boundary).toMatch(/^[\x20-\x7e]{1,200}$/);
        }
      }),
    );
  });
});
