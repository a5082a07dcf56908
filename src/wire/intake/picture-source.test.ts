import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../faults.ts';
import { ABSENT } from './input.ts';
import { choosePicture, decodeBase64Image } from './picture-source.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((array) => Buffer.from(array));

describe('decodeBase64Image', () => {
  it('gives any bytes back: padded or not, either alphabet, broken into lines, behind a data: prefix', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 80 }),
        (content, pad, safe, width) => {
          let text = content.toString('base64');
          if (!pad) text = text.replace(/=+$/, '');
          if (safe) text = text.replaceAll('+', '-').replaceAll('/', '_');
          const lines = text.replace(new RegExp(`.{${width}}`, 'g'), '$&\r\n');
          for (const form of [text, lines, ` ${text}\r\n`, `data:image/png;base64, ${text}`]) {
            expect(Buffer.from(decodeBase64Image(form)).equals(content)).toBe(true);
          }
        },
      ),
    );
  });

  it('refuses white space that is no line break, wherever it stands behind the beginning', () => {
    const spaces = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter(
      (one) => /\s/.test(one) && one !== '\n' && one !== '\r',
    );
    fc.assert(
      fc.property(
        bytes,
        fc.nat(),
        fc.constantFrom(...spaces),
        fc.boolean(),
        (content, place, space, broken) => {
          const text = content.toString('base64');
          const at = 1 + (place % text.length);
          const lone = text.slice(0, at) + space + text.slice(at);
          const form = broken ? lone.replace(/.{20}/g, '$&\n') : lone;
          expect(() => decodeBase64Image(form)).toThrow(expect.objectContaining({ kind: 'image_invalid' }));
        },
      ),
    );
  });

  it('refuses every text whose + became blanks, and never decodes other bytes than were encoded', () => {
    // Every 3 bytes of 0xfb 0xef 0xbe are ++++: cuts out of it put + at any place, the ends among them.
    const plusses = fc
      .tuple(bytes, fc.nat(9), fc.nat(5))
      .map(([content, count, cut]) =>
        Buffer.concat([content, Buffer.alloc(3 * count, Buffer.from([0xfb, 0xef, 0xbe])).subarray(cut)]),
      );
    fc.assert(
      fc.property(plusses, fc.constantFrom(0, 4, 64, 76), (content, width) => {
        const text = content.toString('base64');
        const lines = width === 0 ? text : text.replace(new RegExp(`.{${width}}`, 'g'), '$&\r\n');
        const spoilt = lines.replaceAll('+', ' ');
        if (spoilt === lines || spoilt.startsWith(' ')) return;
        expect(() => decodeBase64Image(spoilt)).toThrow(expect.objectContaining({ kind: 'image_invalid' }));
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses lines of different widths, since something may be missing in one', () => {
    const text = Buffer.alloc(120, 7).toString('base64');
    const cut = (...widths: number[]) => {
      let rest = text;
      const lines = widths.map((width) => {
        const line = rest.slice(0, width);
        rest = rest.slice(width);
        return line;
      });
      return [...lines, rest].join('\n');
    };
    expect(Buffer.from(decodeBase64Image(cut(76, 76))).length).toBe(120);
    expect(Buffer.from(decodeBase64Image(`${cut(80)}\n\n`)).length).toBe(120);
    for (const odd of [cut(76, 40), cut(40, 76), cut(70, 71), cut(20)]) {
      expect(() => decodeBase64Image(odd)).toThrow(
        expect.objectContaining({ kind: 'image_invalid', reason: 'image:blank' }),
      );
    }
  });

  it('never decodes a part of what was given: one odd character anywhere refuses the whole', () => {
    const odd = fc.constantFrom('!', '*', '"', '\u00e9', '\0', '.', ':', '%', '=A', '\\');
    fc.assert(
      fc.property(bytes, odd, fc.nat(), (content, character, at) => {
        const text = content.toString('base64').replace(/=+$/, '');
        const place = at % (text.length + 1);
        const spoilt = text.slice(0, place) + character + text.slice(place);
        expect(() => decodeBase64Image(spoilt)).toThrow(Fault);
      }),
    );
  });
});

describe('choosePicture', () => {
  const body = { appid: '1', image: ABSENT, url: ABSENT, sign: null };
  const url = (text: string) => choosePicture({ ...body, url: { kind: 'text', text } });

  it('takes http and https addresses as a browser would read them', () => {
    for (const [text, href] of [
      ['http://a.example', 'http://a.example/'],
      [' HTTPS://A.example:443/b c?d#e ', 'https://a.example/b%20c?d#e'],
      ['http://例え.jp/写真.jpg', 'http://xn--r8jz45g.jp/%E5%86%99%E7%9C%9F.jpg'],
      ['http://0x7f.1/', 'http://127.0.0.1/'],
    ] as const) {
      const source = url(text);
      expect(source.kind === 'url' && source.url.href).toBe(href);
    }
  });

  it('either gives an http address or refuses with code 21, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl(), fc.string({ minLength: 1 })), (text) => {
        try {
          const source = url(text);
          expect(source.kind === 'url' && /^https?:$/.test(source.url.protocol)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ name: 'Fault', kind: 'url_invalid' });
        }
      }),
    );
  });
});
