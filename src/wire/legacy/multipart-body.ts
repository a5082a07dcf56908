import { Busboy } from '@fastify/busboy';
import { Fault } from '../../errors.ts';
import { absent, type Input, type LegacyBody } from './body.ts';
import { closeLastDelimiter, hasMoreParts, libraryContentType } from './multipart-edge.ts';

/** Bounds of one multipart body; the body's own size is bounded before it comes here. */
const limits = {
  /** Parts of any name. */
  parts: 64,
  fields: 64,
  files: 64,
  /** Bytes of one text part that are kept; the longest one that means anything is a url. */
  fieldSize: 16 * 1024,
  /** Header lines and header bytes of one part. */
  headerPairs: 32,
  headerSize: 16 * 1024,
} as const;

/**
 * Parses a `multipart/form-data` body. Parts may come in any order; `image` is bytes whatever its headers say, `appid`, `url`
 * and `sign` are text even when they carry a file name; other parts are skipped; the last part of a repeated name counts.
 * The picture's bytes share memory with `body`.
 * @throws Fault 3 `bad_multipart`: not multipart, cut off, or more parts than allowed
 */
export async function parseMultipartBody(body: Buffer, boundary: string): Promise<LegacyBody> {
  const tooMany = `more than ${limits.parts} parts`;
  // The library reads on to the end of a body that has too many: eight seconds of work for the worst 6 MiB.
  if (hasMoreParts(body, boundary, limits.parts)) throw unreadable(tooMany);
  const texts = new Map<string, Text>();
  let image: Input = absent;

  await new Promise<void>((resolve, reject) => {
    const refuse = (what: string) => reject(unreadable(what));
    const parser = new Busboy({
      headers: { 'content-type': libraryContentType(boundary) },
      isPartAFile: (name) => name === 'image',
      limits,
    });
    parser.on('file', (_name, file) => {
      const chunks: Buffer[] = [];
      file.on('data', (chunk: Buffer) => chunks.push(chunk));
      file.on('error', () => refuse('it ends inside the image part'));
      file.on('end', () => {
        const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
        image = bytes.length === 0 ? absent : { kind: 'bytes', bytes };
      });
    });
    parser.on('field', (name, value, _nameTruncated, valueTruncated) => {
      if (name === 'appid' || name === 'url' || name === 'sign') {
        texts.set(name, { text: value, cut: valueTruncated });
      }
    });
    parser.on('partsLimit', () => refuse(tooMany));
    parser.on('error', () =>
      refuse('it is cut off, or its delimiter lines do not carry the announced boundary'),
    );
    parser.on('finish', () => resolve());
    parser.end(closeLastDelimiter(body, boundary));
  });

  return {
    appid: textOf(texts.get('appid'))?.trim() ?? null,
    image,
    url: urlOf(texts.get('url')),
    sign: textOf(texts.get('sign')),
  };
}

function unreadable(what: string): Fault {
  return new Fault(3, 'bad_multipart', `The multipart body cannot be parsed: ${what}.`);
}

/** A text part; `cut` where it was longer than is kept. */
interface Text {
  readonly text: string;
  readonly cut: boolean;
}

function textOf(part: Text | undefined): string | null {
  return part === undefined || part.text.trim() === '' ? null : part.text;
}

/** A cut url is refused for its form: fetching its beginning would fetch something else. */
function urlOf(part: Text | undefined): Input {
  const text = textOf(part);
  if (text === null) return absent;
  return part?.cut ? { kind: 'wrong', found: `text over ${limits.fieldSize} bytes` } : { kind: 'text', text };
}
