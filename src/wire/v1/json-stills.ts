import { Fault } from '../../faults.ts';
import { MOST_STILLS } from '../../liveness/stills/fuse.ts';
import type { Input } from '../intake/input.ts';
import { type JsonSpan, jsonText } from '../intake/json-scan.ts';
import { byteAt, endOfString, skipSpace } from '../intake/json-tokens.ts';

const COMMA = 0x2c;

/**
 * The texts of a JSON array that was scanned. No more of them than may be there are built.
 * @throws {Fault} `request_malformed` `schema` when a member is no text, or there are too many
 */
export function textsOf(body: Buffer, name: string, { kind, start, end }: JsonSpan): readonly Input[] {
  if (kind !== 'array') throw refused(`${name} must be an array.`);
  const inputs: Input[] = [];
  let at = skipSpace(body, start + 1);
  while (at < end - 1) {
    const behind = endOfString(body, at);
    if (behind < 0) throw refused(`${name}/${inputs.length} must be string.`);
    if (inputs.length === MOST_STILLS) throw refused(`${name} must not have more than ${MOST_STILLS} items.`);
    const text = jsonText(body, { kind: 'text', start: at, end: behind });
    inputs.push({ kind: 'text', text });
    at = skipSpace(body, behind);
    if (byteAt(body, at) === COMMA) at = skipSpace(body, at + 1);
  }
  return inputs;
}

const refused = (detail: string) => new Fault('request_malformed', 'schema', detail);
