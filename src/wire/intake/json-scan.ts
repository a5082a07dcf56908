import { Fault } from '../../faults.ts';
import { byteAt, endOfNumber, endOfString, endOfWord, hexDigit, isDigit, skipSpace } from './json-tokens.ts';

/*
 * Reads the few members of a JSON body that mean something without building anything of the rest.
 * `JSON.parse` builds every value first, and 6 MiB of small ones take it over a second, on the thread that
 * answers everybody. This walks once over the bytes, keeps one byte a level of nesting and accepts exactly
 * what `JSON.parse` accepts (RFC 8259), up to a number of values that no honest body has.
 */

/** Members of the object at the top; the longest body seen in the wild has five. */
export const MOST_MEMBERS = 1000;
/**
 * Values in all. A picture that a program wrote as a list of numbers, by mistake, mostly stays below: its
 * sender is told so.
 */
export const MOST_VALUES = 500_000;

/** What kind of value stands somewhere. */
export type JsonKind = 'text' | 'number' | 'boolean' | 'null' | 'array' | 'object';

/** Where a value stands: from its first byte up to, and not including, `end`. */
export interface JsonSpan {
  readonly kind: JsonKind;
  readonly start: number;
  readonly end: number;
}

/** What stands at the top of a body. */
export interface ScannedJson {
  readonly kind: JsonKind;
  /** The wanted members that are there, each where it stood last. Empty where the top is no object. */
  readonly members: ReadonlyMap<string, JsonSpan>;
  /** The first member that was not wanted: its name as it stood, quotes included. */
  readonly other: JsonSpan | null;
}

/**
 * Walks over a JSON text in UTF-8, with or without a byte order mark, and notes where the members `wanted` of
 * the object at its top stand. Time grows with the length of the text and with nothing else.
 * @param wanted names in ASCII without quotes, slashes and backslashes
 * @returns null where the text is no JSON
 * @throws {Fault} `request_malformed` `json_too_many`: more than `MOST_MEMBERS` members at the top, or more
 * than `MOST_VALUES` values
 */
export function scanJson(text: Buffer, wanted: readonly string[]): ScannedJson | null {
  return new Scanner(text, wanted).document();
}

/** The text of a string that was scanned. */
export function jsonText(text: Buffer, { start, end }: JsonSpan): string {
  const escaped = text.subarray(start, end).includes(0x5c);
  if (!escaped) return text.toString('utf8', start + 1, end - 1);
  return JSON.parse(text.toString('utf8', start, end)) as string;
}

/** Longest number that is read, in characters: one with more digits than any program writes is none. */
const LONGEST_NUMBER = 1000;

/** The number that was scanned; NaN where it is longer than 1000 characters. */
export function jsonNumber(text: Buffer, { start, end }: JsonSpan): number {
  return end - start > LONGEST_NUMBER ? Number.NaN : Number(text.toString('latin1', start, end));
}

/** The kind of value that begins at a place, by its first byte. */
function kindAt(text: Buffer, at: number): JsonKind | null {
  const byte = byteAt(text, at);
  if (byte === 0x22) return 'text';
  if (byte === 0x7b) return 'object';
  if (byte === 0x5b) return 'array';
  if (byte === 0x2d || isDigit(byte)) return 'number';
  if (byte === 0x74 || byte === 0x66) return 'boolean';
  return byte === 0x6e ? 'null' : null;
}

/** Whether a string, read before, is this name; letters may be written as `\u0061`. */
function spells(text: Buffer, start: number, end: number, name: Buffer): boolean {
  let at = start;
  for (let letter = 0; letter < name.length; letter++) {
    if (at >= end) return false;
    let byte = text[at++] as number;
    if (byte === 0x5c) {
      if (text[at] !== 0x75) return false;
      byte = 0;
      for (const last = at + 4; at < last; ) byte = byte * 16 + hexDigit(text[++at] as number);
      at++;
    }
    if (byte !== name[letter]) return false;
  }
  return at === end;
}

function tooMany(what: string): Fault {
  return new Fault('request_malformed', 'json_too_many', `The JSON body has more than ${what}.`);
}

const IN_ARRAY = 0;
const IN_OBJECT = 1;

/** What has to come next: a value, a member's name, or what stands behind a value. */
type Next = 'value' | 'name' | 'behind' | 'wrong';

class Scanner {
  readonly #text: Buffer;
  readonly #wanted: readonly Buffer[];
  /** Of each wanted member the first byte of its value and the one behind it; 0 where it is not there. */
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  /** Which wanted member of the top object has its value read; -1: none. */
  #current = -1;
  #other: JsonSpan | null = null;
  #at: number;
  #values = 0;
  #topMembers = 0;
  /** For each open array or object which of the two it is. */
  #open = new Uint8Array(64);
  #depth = 0;

  constructor(text: Buffer, wanted: readonly string[]) {
    this.#text = text;
    this.#wanted = wanted.map((name) => Buffer.from(name));
    this.#starts = new Uint32Array(wanted.length);
    this.#ends = new Uint32Array(wanted.length);
    const mark = text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf;
    this.#at = skipSpace(text, mark ? 3 : 0);
  }

  document(): ScannedJson | null {
    const kind = kindAt(this.#text, this.#at);
    if (kind === null) return null;
    let next: Next = 'value';
    for (;;) {
      if (next === 'value') next = this.#value();
      else if (next === 'name') next = this.#name();
      else if (next === 'wrong') return null;
      else if (this.#depth > 0) next = this.#behind();
      else break;
    }
    if (skipSpace(this.#text, this.#at) !== this.#text.length) return null;
    return { kind, members: this.#members(), other: this.#other };
  }

  #members(): Map<string, JsonSpan> {
    const members = new Map<string, JsonSpan>();
    this.#wanted.forEach((name, index) => {
      const [start, end] = [this.#starts[index] ?? 0, this.#ends[index] ?? 0];
      const kind = end === 0 ? null : kindAt(this.#text, start);
      if (kind !== null) members.set(name.toString(), { kind, start, end });
    });
    return members;
  }

  /** Reads a value, of an array or object only its beginning. */
  #value(): Next {
    if (++this.#values > MOST_VALUES) throw tooMany(`${MOST_VALUES} values`);
    const byte = byteAt(this.#text, this.#at);
    if (byte === 0x7b || byte === 0x5b) return this.#begin(byte);
    const end =
      byte === 0x22
        ? endOfString(this.#text, this.#at)
        : byte === 0x2d || isDigit(byte)
          ? endOfNumber(this.#text, this.#at)
          : endOfWord(this.#text, this.#at);
    if (end === -1) return 'wrong';
    this.#at = end;
    return 'behind';
  }

  /** Enters the array or object that begins with this bracket; an empty one is left again at once. */
  #begin(bracket: number): Next {
    const at = skipSpace(this.#text, this.#at + 1);
    const empty = byteAt(this.#text, at) === bracket + 2;
    this.#at = empty ? at + 1 : at;
    if (empty) return 'behind';
    if (this.#depth === this.#open.length) {
      const more = new Uint8Array(this.#depth * 2);
      more.set(this.#open);
      this.#open = more;
    }
    const isObject = bracket === 0x7b;
    this.#open[this.#depth++] = isObject ? IN_OBJECT : IN_ARRAY;
    return isObject ? 'name' : 'value';
  }

  /** Reads a member's name, the colon behind it and the space up to its value. */
  #name(): Next {
    const text = this.#text;
    const start = this.#at;
    const end = endOfString(text, start);
    if (end === -1) return 'wrong';
    const colon = skipSpace(text, end);
    if (byteAt(text, colon) !== 0x3a) return 'wrong';
    this.#at = skipSpace(text, colon + 1);
    if (this.#depth === 1) {
      if (++this.#topMembers > MOST_MEMBERS) throw tooMany(`${MOST_MEMBERS} members`);
      this.#current = this.#wanted.findIndex((name) => spells(text, start + 1, end - 1, name));
      if (this.#current !== -1) this.#starts[this.#current] = this.#at;
      else this.#other ??= { kind: 'text', start, end };
    }
    return 'value';
  }

  /** Reads what follows a value inside an array or object. */
  #behind(): Next {
    if (this.#current !== -1 && this.#depth === 1) {
      this.#ends[this.#current] = this.#at;
      this.#current = -1;
    }
    const isObject = this.#open[this.#depth - 1] === IN_OBJECT;
    const at = skipSpace(this.#text, this.#at);
    const byte = byteAt(this.#text, at);
    this.#at = at + 1;
    if (byte === 0x2c) {
      this.#at = skipSpace(this.#text, this.#at);
      return isObject ? 'name' : 'value';
    }
    if (byte !== (isObject ? 0x7d : 0x5d)) return 'wrong';
    this.#depth--;
    return 'behind';
  }
}
