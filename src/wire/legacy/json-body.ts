import { Fault } from '../../errors.ts';
import { absent, type Input, type LegacyBody } from './body.ts';

/**
 * Parses a JSON body: UTF-8 with or without a byte order mark, an object at the top, members in any order, unknown members
 * ignored, the last of a repeated member counts. A numeric `appid` is taken as its decimal text. Base64 is not decoded here.
 * @throws Fault 3 `bad_json`
 */
export function parseJsonBody(body: Buffer): LegacyBody {
  const parsed = parseObject(body);
  const sign = member(parsed, 'sign');
  return {
    appid: appidOf(member(parsed, 'appid')),
    image: inputOf(member(parsed, 'image')),
    url: inputOf(member(parsed, 'url')),
    sign: typeof sign === 'string' && sign.trim() !== '' ? sign : null,
  };
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> {
  const bom = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8', bom));
  } catch {
    throw new Fault(
      3,
      'bad_json',
      `The body must be one JSON object; ${body.length} bytes do not parse as JSON.`,
    );
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    const found = parsed === null ? 'null' : Array.isArray(parsed) ? 'an array' : `a ${typeof parsed}`;
    throw new Fault(3, 'bad_json', `The body must be one JSON object; found ${found}.`);
  }
  return parsed as Readonly<Record<string, unknown>>;
}

/** Own members only, so that nothing inherited is ever taken for input. */
function member(parsed: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(parsed, name) ? parsed[name] : undefined;
}

function appidOf(value: unknown): string | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (typeof value !== 'string') return null;
  const text = value.trim();
  return text === '' ? null : text;
}

function inputOf(value: unknown): Input {
  if (value === undefined || value === null) return absent;
  if (typeof value !== 'string') {
    return { kind: 'wrong', found: Array.isArray(value) ? 'an array' : `a ${typeof value}` };
  }
  return value.trim() === '' ? absent : { kind: 'text', text: value };
}
