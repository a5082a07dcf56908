import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../errors.ts';
import { parseMultipartBody } from './multipart-body.ts';
import { closeLastDelimiter } from './multipart-edge.ts';

const boundary = 'b0undary';

/** Bytes in which the delimiter may nearly, but not fully, occur. */
const pictures = fc
  .array(
    fc.oneof(
      fc
        .constantFrom('\r\n', '--', '\r\n--', '\r\n--b0undar', '-', '\r', '\n', '--b0undary')
        .map(Buffer.from),
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    ),
    { minLength: 1, maxLength: 30 },
  )
  .map((pieces) => Buffer.concat(pieces))
  // The empty line before the content ends in CRLF too, so a picture may not begin with the delimiter either.
  .filter((bytes) => !Buffer.concat([Buffer.from('\r\n'), bytes]).includes(`\r\n--${boundary}`));

const imageHeaders = fc.constantFrom(
  'Content-Disposition: form-data; name="image"; filename="a.jpg"',
  'Content-Disposition: form-data; name="image"',
  'content-disposition: form-data; name=image;\r\nContent-Type: text/plain; charset=utf-8',
  'Content-Length: 7\r\nContent-Disposition: form-data; name="image"; filename=""',
  'Content-Type: image/jpeg\r\nContent-Disposition: form-data; name="image"; filename="\u00e9.jpg"; ',
);
const tails = fc.constantFrom('--\r\n', '--', '\r\n', '', '-', '--\r\nepilogue', '\r\n\r\n');

describe('parseMultipartBody', () => {
  it('gives every picture back byte for byte, in any order of parts, with any of the headers and endings', async () => {
    await fc.assert(
      fc.asyncProperty(pictures, imageHeaders, fc.boolean(), tails, async (picture, headers, first, tail) => {
        const appid = Buffer.from('Content-Disposition: form-data; name="appid"\r\n\r\n1000001');
        const image = Buffer.concat([Buffer.from(`${headers}\r\n\r\n`, 'latin1'), picture]);
        const [one, two] = first ? [image, appid] : [appid, image];
        const mark = Buffer.from(`\r\n--${boundary}`);
        const line = Buffer.from('\r\n');
        const body = Buffer.concat([mark.subarray(2), line, one, mark, line, two, mark, Buffer.from(tail)]);
        const parsed = await parseMultipartBody(body, boundary);
        expect(parsed.appid).toBe('1000001');
        expect(parsed.image.kind === 'bytes' && Buffer.from(parsed.image.bytes).equals(picture)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses or reads any bytes at all, and always comes to an end', async () => {
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
      ...['name="appid"', 'filename="a', '"', ':', '\0', 'Content-Type: a/b', ' ', '\n'],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 40 }), async (parts) => {
        const outcome = await parseMultipartBody(Buffer.from(parts.join('')), boundary).catch(
          (error: unknown) => error,
        );
        if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 3, reason: 'bad_multipart' });
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(Fault);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('closeLastDelimiter', () => {
  const close = (text: string, mark = boundary) => closeLastDelimiter(Buffer.from(text), mark).toString();

  it.each(['', '-', '\r\n', ' \t\r\n\r\n'])('completes an ending of %j', (ending) => {
    expect(close(`--b0undary\r\nx\r\n--b0undary${ending}`)).toBe('--b0undary\r\nx\r\n--b0undary--\r\n');
  });

  it.each([
    'x\r\n--b0undary--',
    'x\r\n--b0undary--\r\n',
    'x\r\n--b0undary--\r\nepilogue',
    'x--b0undary',
    'x\n--b0undary',
    'x\r\n--b0undaryx',
    'x\r\n--b0undar',
    'x',
    '',
  ])('leaves %j as it is', (text) => expect(close(text)).toBe(text));

  it('a boundary of dashes is not taken for its own ending', () => {
    expect(close('x\r\n--------', '----')).toBe('x\r\n--------');
    expect(close('x\r\n------', '----')).toBe('x\r\n--------\r\n');
  });
});
