import { Fault } from '../../faults.ts';
import { ABSENT, type BodyMembers, type Input, type Stills } from './input.ts';
import { readPartHead } from './multipart-head.ts';
import { cutIntoSections } from './multipart-sections.ts';

/** Parts of any name; the body's own size is bounded before it comes here. */
const MOST_PARTS = 64;
/** Bytes of one text part that are read; the longest one that means anything is a url. */
const LONGEST_TEXT = 16 * 1024;

/** The text parts that mean something. */
const TEXT_NAMES: ReadonlySet<string> = new Set(['appid', 'url', 'sign']);

/**
 * Parses a `multipart/form-data` body. Parts may come in any order; `image` is bytes whatever its headers
 * say, `appid`, `url` and `sign` are text even when they carry a file name; other parts are skipped; the last
 * part of a repeated name counts, empty ones aside. The picture's bytes share memory with `body`. The body is
 * walked over a few times, and nothing of it is copied but texts.
 * @throws {Fault} `request_malformed` `bad_multipart`: not multipart, cut off, more parts than allowed, a
 * part without headers
 */
export function parseMultipartBody(body: Buffer, boundary: string): BodyMembers {
  const cut = cutIntoSections(body, boundary, MOST_PARTS);
  if (cut.kind === 'refused') throw unreadable(cut.why);
  const texts = new Map<string, Text>();
  let image: Input = ABSENT;
  const images: Input[] = [];
  const urls: Input[] = [];
  for (const { headStart, headEnd, contentStart, contentEnd } of cut.parts) {
    const head = readPartHead(body.subarray(headStart, headEnd));
    if (head === null) {
      throw unreadable(
        'a part does not begin with headers; does the picture hold a line that is the delimiter?',
      );
    }
    const content = body.subarray(contentStart, contentEnd);
    const { name, charset } = head;
    // An input of a form that was left empty comes as an empty part: it says nothing, and takes nothing back.
    if (content.length === 0) continue;
    if (name === 'image') image = { kind: 'bytes', bytes: content };
    else if (name === 'images' || name === 'images[]') images.push({ kind: 'bytes', bytes: content });
    else if (name === 'urls' || name === 'urls[]') urls.push(urlOf(readText(content, charset)));
    else if (name !== null && TEXT_NAMES.has(name)) texts.set(name, readText(content, charset));
  }
  return {
    appid: textOf(texts.get('appid'))?.trim() ?? null,
    image,
    url: urlOf(texts.get('url')),
    sign: textOf(texts.get('sign')),
    ...(images.length === 0 && urls.length === 0 ? {} : { stills: stillsOf(images, urls) }),
  };
}

function stillsOf(images: readonly Input[], urls: readonly Input[]): Stills {
  if (images.length > 0 && urls.length > 0) {
    throw new Fault('request_malformed', 'both', 'Expected one of images and urls, found both.');
  }
  return images.length > 0 ? { name: 'images', inputs: images } : { name: 'urls', inputs: urls };
}

function unreadable(what: string): Fault {
  return new Fault('request_malformed', 'bad_multipart', `The multipart body cannot be parsed: ${what}.`);
}

/** A text part; `cut` where it was longer than is read. */
interface Text {
  readonly text: string;
  readonly cut: boolean;
}

/** A charset that nobody knows is read as UTF-8. */
function readText(content: Buffer, charset: string): Text {
  const read = content.subarray(0, LONGEST_TEXT);
  let decoder = new TextDecoder();
  try {
    decoder = new TextDecoder(charset);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return { text: decoder.decode(read), cut: content.length > LONGEST_TEXT };
}

function textOf(part: Text | undefined): string | null {
  return part === undefined || part.text.trim() === '' ? null : part.text;
}

/** A cut url is refused for its form: fetching its beginning would fetch something else. */
function urlOf(part: Text | undefined): Input {
  const text = textOf(part);
  if (text === null) return ABSENT;
  return part?.cut ? { kind: 'wrong', found: `text over ${LONGEST_TEXT} bytes` } : { kind: 'text', text };
}
