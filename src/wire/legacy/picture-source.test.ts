import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../errors.ts';
import { absent } from './body.ts';
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
          for (const form of [text, lines, ` ${text}\t`, `data:image/png;base64,${text}`]) {
            expect(Buffer.from(decodeBase64Image(form)).equals(content)).toBe(true);
          }
        },
      ),
    );
  });

  it('takes out whatever counts as white space, wherever it stands, and nothing else', () => {
    const spaces = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter((one) =>
      /\s/.test(one),
    );
    const wide = fc.constantFrom(...spaces);
    fc.assert(
      fc.property(
        bytes,
        fc.array(fc.tuple(fc.nat(), wide), { minLength: 1, maxLength: 60 }),
        (content, blanks) => {
          let text = content.toString('base64');
          for (const [place, blank] of blanks) {
            const at = place % (text.length + 1);
            text = text.slice(0, at) + blank + text.slice(at);
          }
          expect(Buffer.from(decodeBase64Image(text)).equals(content)).toBe(true);
        },
      ),
    );
    for (const near of [
      '\u0008',
      '\u000e',
      '\u001f',
      '\u0085',
      '\u00a1',
      '\u1681',
      '\u200b',
      '\u2060',
      '\u3001',
      '\ufefe',
    ]) {
      expect(() => decodeBase64Image(`QUJD ${near}REVG`)).toThrow(Fault);
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
  const body = { appid: '1', image: absent, url: absent, sign: null };
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
          expect(error).toMatchObject({ name: 'Fault', code: 21 });
        }
      }),
    );
  });
});
