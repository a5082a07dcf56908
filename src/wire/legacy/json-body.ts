import { Fault } from '../../faults.ts';
import { ABSENT, type BodyMembers, type Input } from '../intake/input.ts';
import { type JsonSpan, jsonNumber, jsonText, type ScannedJson, scanJson } from '../intake/json-scan.ts';

const MEMBERS = ['appid', 'image', 'url', 'sign'] as const;

/**
 * Parses a JSON body: UTF-8 with or without a byte order mark, an object at the top, members in any order,
 * unknown members ignored and never built, the last of a repeated member counts. A numeric `appid` is taken
 * as its decimal text. Base64 is not decoded here.
 * @throws {Fault} `request_malformed` `bad_json`, `json_too_many`
 */
export function parseJsonBody(body: Buffer): BodyMembers {
  const scanned = scanObject(body);
  const at = (name: (typeof MEMBERS)[number]) => scanned.members.get(name);
  const sign = at('sign');
  const signText = sign?.kind === 'text' ? jsonText(body, sign) : '';
  return {
    appid: appidOf(body, at('appid')),
    image: inputOf(body, at('image')),
    url: inputOf(body, at('url')),
    sign: signText.trim() === '' ? null : signText,
  };
}

function scanObject(body: Buffer): ScannedJson {
  const scanned = scanJson(body, MEMBERS);
  if (scanned === null) {
    throw new Fault(
      'request_malformed',
      'bad_json',
      `The body must be one JSON object; ${body.length} bytes do not parse as JSON.`,
    );
  }
  if (scanned.kind !== 'object') {
    throw new Fault(
      'request_malformed',
      'bad_json',
      `The body must be one JSON object; found ${named(scanned)}.`,
    );
  }
  return scanned;
}

/** How a kind of value is spoken of. */
function named({ kind }: Pick<JsonSpan, 'kind'>): string {
  if (kind === 'null') return kind;
  return kind === 'array' || kind === 'object' ? `an ${kind}` : `a ${kind}`;
}

function appidOf(body: Buffer, value: JsonSpan | undefined): string | null {
  if (value?.kind === 'number') {
    const number = jsonNumber(body, value);
    return Number.isSafeInteger(number) ? String(number) : null;
  }
  if (value?.kind !== 'text') return null;
  const text = jsonText(body, value).trim();
  return text === '' ? null : text;
}

function inputOf(body: Buffer, value: JsonSpan | undefined): Input {
  if (value === undefined || value.kind === 'null') return ABSENT;
  if (value.kind !== 'text') return { kind: 'wrong', found: named(value) };
  const text = jsonText(body, value);
  return text.trim() === '' ? ABSENT : { kind: 'text', text };
}
