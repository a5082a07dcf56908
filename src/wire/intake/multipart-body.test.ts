import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../faults.ts';
import { parseMultipartBody } from './multipart-body.ts';

const boundary = 'b0undary';

/** Bytes in which the delimiter may nearly, but not fully, occur; lines that only begin like it too. */
const pictures = fc
  .array(
    fc.oneof(
      fc
        .constantFrom(
          ...['\r\n', '--', '\r\n--', '\r\n--b0undar', '-', '\r', '\n', '--b0undary'],
          ...[
            '\r\n--b0undaryx',
            '\r\n--b0undary-',
            '\r\n--b0undary--x',
            '\r\n--b0undary x',
            '\r\n--b0undary\n',
          ],
        )
        .map(Buffer.from),
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    ),
    { minLength: 1, maxLength: 30 },
  )
  .map((pieces) => Buffer.concat(pieces))
  // The empty line before the content ends in CRLF too, so a picture may not begin with the delimiter either.
  .filter(
    (bytes) => !/\r\n--b0undary(?:--)?[ \t]*(?:\r?\n|\r?$)/.test(`\r\n${bytes.toString('latin1')}\r\n--`),
  );

const imageHeaders = fc.constantFrom(
  'Content-Disposition: form-data; name="image"; filename="a.jpg"',
  'Content-Disposition: form-data; name="image"',
  'content-disposition: form-data; name=image;\r\nContent-Type: text/plain; charset=utf-8',
  'Content-Length: 7\r\nContent-Disposition: form-data; name="image"; filename=""',
  'Content-Type: image/jpeg\r\nContent-Disposition: form-data; name="image"; filename="\u00e9.jpg"; ',
);
const tails = fc.constantFrom('--\r\n', '--', '\r\n', '', '-', '--\r\nepilogue', '\r\n\r\n');

describe('parseMultipartBody', () => {
  it('gives every picture back byte for byte, in any order of parts, with any of the headers and endings', () => {
    fc.assert(
      fc.property(pictures, imageHeaders, fc.boolean(), tails, (picture, headers, first, tail) => {
        const appid = Buffer.from('Content-Disposition: form-data; name="appid"\r\n\r\n1000001');
        const image = Buffer.concat([Buffer.from(`${headers}\r\n\r\n`, 'latin1'), picture]);
        const [one, two] = first ? [image, appid] : [appid, image];
        const mark = Buffer.from(`\r\n--${boundary}`);
        const line = Buffer.from('\r\n');
        const body = Buffer.concat([mark.subarray(2), line, one, mark, line, two, mark, Buffer.from(tail)]);
        const parsed = parseMultipartBody(body, boundary);
        expect(parsed.appid).toBe('1000001');
        expect(parsed.image.kind === 'bytes' && Buffer.from(parsed.image.bytes).equals(picture)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses or reads any bytes at all, and what it reads stood there in one piece', () => {
    const pieces = fc.constantFrom(
      ...[
        `--${boundary}`,
        '\r\n',
        '--',
        'Content-Disposition: form-data; name="image"',
        '\r\n\r\n',
        ';',
        'x',
      ],
      ...[
        'name="appid"',
        'filename="a',
        '"',
        ':',
        '\0',
        'Content-Type: a/b',
        ' ',
        '\n',
        `\r\n--${boundary}\r\n`,
      ],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const body = Buffer.from(parts.join(''));
        try {
          const { image } = parseMultipartBody(body, boundary);
          if (image.kind === 'bytes') expect(body.includes(Buffer.from(image.bytes))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
          expect(error).toMatchObject({ kind: 'request_malformed', reason: 'bad_multipart' });
        }
      }),
      { numRuns: 3000 },
    );
  });
});

const disposition = (name: string) => `Content-Disposition: form-data; name="${name}"`;
const image = (content: string) => `--x\r\n${disposition('image')}\r\n\r\n${content}\r\n`;
const appid = `--x\r\n${disposition('appid')}\r\n\r\n1\r\n`;
const pictureIn = (body: string, mark = 'x') => {
  const { image: found } = parseMultipartBody(Buffer.from(body, 'latin1'), mark);
  return found.kind === 'bytes' ? Buffer.from(found.bytes).toString('latin1') : null;
};

describe('lines of a picture that begin with the boundary', () => {
  it.each(['y', '-', '-y', '--y', ' y', '\t-', '\n', '\r', '\ry', '--\r', '-\r\ny', '\0'])(
    'one that goes on with %j belongs to the picture, wherever it stands',
    (rest) => {
      for (const content of [
        `a\r\n--x${rest}b`,
        `\r\n--x${rest}b`,
        `--x${rest}b`,
        `a\r\n--x${rest}\r\n--x${rest}b`,
      ]) {
        for (const body of [`${image(content)}${appid}--x--\r\n`, `${appid}${image(content)}--x`]) {
          expect(pictureIn(body)).toBe(content);
        }
      }
    },
  );

  it.each([
    ['a whole delimiter line', 'a\r\n--x\r\nb'],
    ['a delimiter line with blanks', 'a\r\n--x \t\r\nb'],
    ['a delimiter line and an empty line', 'a\r\n--x\r\n\r\nb'],
    ['a delimiter line and something with a colon', 'a\r\n--x\r\n\xff: b\r\n\r\nc'],
    ['a whole last delimiter', 'a\r\n--x--\r\nb'],
    ['a last delimiter that ends in LF', 'a\r\n--x--\nb'],
    ['a last delimiter and a part', `a\r\n--x--\r\n${appid}b`],
  ])('%s: nobody can tell, so the body is refused and never cut', (_name, content) => {
    for (const body of [`${image(content)}${appid}--x--\r\n`, `${appid}${image(content)}--x--\r\n`]) {
      expect(() => pictureIn(body)).toThrow(/cannot be parsed/);
    }
  });
});

describe('the parts of a body', () => {
  it('delimiter lines may carry blanks', () => {
    const body = `${image('a')}${appid}--x--\r\n`.replaceAll('--x\r\n', '--x \t \r\n').replace('x--', 'x-- ');
    expect([pictureIn(body), pictureIn(`preamble\r\n${body}epilogue`)]).toEqual(['a', 'a']);
  });

  it.each(['', '-', '--', '--\r\n', '\r\n', ' \t\r\n\r\n', '--\n', '-- \r\nepilogue', '--\r\n--x--\r\n'])(
    'the last delimiter may end in %j',
    (ending) => expect(pictureIn(`${appid}${image('a')}--x${ending}`)).toBe('a'),
  );

  it('a boundary of dashes is not taken for its own ending', () => {
    const body = image('a').replace('--x', '------');
    for (const end of ['------', '--------', '------\r\n']) expect(pictureIn(body + end, '----')).toBe('a');
    expect(pictureIn(`${body.replace('a\r\n', 'a\r\n-----------\r\n')}------`, '----')).toBe(
      'a\r\n-----------',
    );
  });

  it('a part that is no form data is skipped, however long it is', () => {
    for (const head of [
      'Content-Disposition: attachment; name="image"',
      'X: y',
      'Content-Disposition: form-data',
    ]) {
      const body = `--x\r\n${head}\r\n\r\n${'z'.repeat(200_000)}\r\n${image('a')}--x--`;
      expect(pictureIn(body)).toBe('a');
    }
  });

  it.each([
    ['no headers', '\r\nz'],
    ['no headers and nothing else', ''],
    ['no header line', 'z\r\n\r\nz'],
    ['a header without a name', ': z\r\n\r\nz'],
    ['a header name with a blank inside', 'a b: z\r\n\r\nz'],
    ['a bare CR in a header', `${disposition('image')}\rz\r\n\r\nz`],
    ['a bare LF in a header', `${disposition('image')}\nX: y\r\n\r\nz`],
    ['a folded line at its beginning', ` ${disposition('image')}\r\n\r\nz`],
  ])('one with %s is refused', (_name, part) => {
    expect(() => pictureIn(`${image('a')}--x\r\n${part}\r\n--x--`)).toThrow(/does not begin with headers/);
  });

  it('headers may be folded, repeated, and longer than is read', () => {
    const folded = 'Content-Disposition: form-data;\r\n name="image"';
    const twice = `${disposition('image')}\r\n${disposition('appid')}`;
    const long = `${disposition('image')}\r\nX: ${'y'.repeat(20_000)}`;
    for (const head of [folded, twice, long]) expect(pictureIn(`--x\r\n${head}\r\n\r\na\r\n--x--`)).toBe('a');
    const beyond = `${'X: y\r\n'.repeat(4000)}${disposition('image')}`;
    expect(pictureIn(`--x\r\n${beyond}\r\n\r\na\r\n--x--`)).toBe(null);
    const endless = `X: ${'y'.repeat(20_000)}\r\n${disposition('image')}`;
    expect(() => pictureIn(`--x\r\n${endless}\r\n\r\na\r\n--x--`)).toThrow(/does not begin with headers/);
  });

  it('texts are read in the charset they name, unknown ones as UTF-8', () => {
    const url = (charset: string, bytes: Buffer) =>
      parseMultipartBody(
        Buffer.concat([
          Buffer.from(`--x\r\n${disposition('url')}\r\nContent-Type: text/plain; charset=${charset}\r\n\r\n`),
          bytes,
          Buffer.from('\r\n--x--'),
        ]),
        'x',
      ).url;
    expect(url('GBK', Buffer.from([0xd5, 0xd5]))).toEqual({ kind: 'text', text: '照' });
    for (const charset of ['utf-8', '"UTF-8"', 'none-such', '']) {
      expect(url(charset, Buffer.from('照'))).toEqual({ kind: 'text', text: '照' });
    }
  });

  it('at most 64 are taken, and at most 66 lines that begin like a delimiter', () => {
    const parts = (count: number) =>
      `${`--x\r\n${disposition('y')}\r\n\r\nz\r\n`.repeat(count - 1)}${image('a')}--x--`;
    expect(pictureIn(parts(64))).toBe('a');
    expect(() => pictureIn(parts(65))).toThrow(/more than 64 parts/);
    expect(pictureIn(`${image('\r\n--xy'.repeat(63))}--x--`)).toBe('\r\n--xy'.repeat(63));
    expect(() => pictureIn(`${image('\r\n--xy'.repeat(70))}--x--`)).toThrow(/more than 64 parts/);
  });
});
