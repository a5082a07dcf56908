import { nameOfOpcode } from './opcodes.ts';
import {
  type Called,
  callGlobal,
  makeStorage,
  type OrderedDict,
  type PickleValue,
  type Tuple,
} from './values.ts';

/** Bytes that are no pickle of the one form that is read here; the message names what was found and where. */
export class PickleError extends Error {
  constructor(message: string, at: number) {
    super(`${message} (byte ${at})`);
    this.name = 'PickleError';
  }
}

/** The longest text that is read: names of tensors and of storages are far shorter. */
const MAX_TEXT = 4096;

/** The classes and functions that may be named, and nothing else. */
const KNOWN_NAMES: ReadonlySet<string> = new Set([
  'collections.OrderedDict',
  'torch._utils._rebuild_tensor_v2',
  'torch.FloatStorage',
  'torch.LongStorage',
]);

const MARK = Symbol('mark');

/**
 * Reads one pickle of protocol 2 as PyTorch wrote state dictionaries before version 1.6. It is no unpickler:
 * it knows the 28 opcodes and the four names that such files use, makes plain values of them, and calls
 * nothing. Everything else is refused by its name.
 */
export class PickleReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;
  #stack: (PickleValue | typeof MARK)[] = [];
  readonly #memo = new Map<number, PickleValue>();

  /** @param start where the pickle begins in `bytes` */
  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
  }

  /** Where the pickle ended, after {@link read}. */
  get end(): number {
    return this.#at;
  }

  /**
   * The pickle's value.
   * @throws {PickleError} when the bytes are no such pickle
   */
  read(): PickleValue {
    for (;;) {
      const at = this.#at;
      const opcode = this.#byte();
      if (opcode === 0x2e) {
        const value = this.#pop();
        if (this.#stack.length > 0) throw this.#error('values are left over at STOP');
        return value;
      }
      if (!this.#scalar(opcode) && !this.#container(opcode)) {
        throw new PickleError(`the opcode ${nameOfOpcode(opcode)} is not known here`, at);
      }
    }
  }

  #error(message: string): PickleError {
    return new PickleError(message, this.#at);
  }

  /** Moves on by `length` bytes and says where they begin. */
  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw this.#error('the pickle is cut off');
    this.#at += length;
    return at;
  }

  #byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) throw this.#error('a value is missing on the stack');
    return value;
  }

  /** The values since the last mark, which is taken away. */
  #sinceMark(): PickleValue[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark === -1) throw this.#error('a mark is missing on the stack');
    const values = this.#stack.splice(mark).slice(1);
    return values as PickleValue[];
  }

  /** Opcodes that put one plain value on the stack, or keep or fetch one. */
  #scalar(opcode: number): boolean {
    switch (opcode) {
      case 0x80: {
        const protocol = this.#byte();
        if (protocol !== 2) throw this.#error(`the protocol must be 2, found ${protocol}`);
        return true;
      }
      case 0x4b: // BININT1
        this.#stack.push(this.#byte());
        return true;
      case 0x4d: // BININT2
        this.#stack.push(this.#view.getUint16(this.#take(2), true));
        return true;
      case 0x4a: // BININT
        this.#stack.push(this.#view.getInt32(this.#take(4), true));
        return true;
      case 0x8a: // LONG1
        this.#stack.push(this.#long());
        return true;
      case 0x58: // BINUNICODE
        this.#stack.push(this.#text());
        return true;
      case 0x4e: // NONE
        this.#stack.push(null);
        return true;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        this.#stack.push(opcode === 0x88);
        return true;
      case 0x71: // BINPUT
      case 0x72: // LONG_BINPUT
        this.#keep(opcode === 0x71 ? this.#byte() : this.#view.getUint32(this.#take(4), true));
        return true;
      case 0x68: // BINGET
      case 0x6a: // LONG_BINGET
        this.#stack.push(
          this.#kept(opcode === 0x68 ? this.#byte() : this.#view.getUint32(this.#take(4), true)),
        );
        return true;
      default:
        return false;
    }
  }

  /** Opcodes that make containers and fill them, and what stands for a call. */
  #container(opcode: number): boolean {
    switch (opcode) {
      case 0x28: // MARK
        this.#stack.push(MARK);
        return true;
      case 0x29: // EMPTY_TUPLE
        this.#stack.push({ kind: 'tuple', items: [] });
        return true;
      case 0x85: // TUPLE1
        this.#stack.push({ kind: 'tuple', items: [this.#pop()] });
        return true;
      case 0x86: {
        const second = this.#pop();
        this.#stack.push({ kind: 'tuple', items: [this.#pop(), second] });
        return true;
      }
      case 0x74: // TUPLE
        this.#stack.push({ kind: 'tuple', items: this.#sinceMark() });
        return true;
      case 0x5d: // EMPTY_LIST
        this.#stack.push({ kind: 'list', items: [] });
        return true;
      case 0x65: // APPENDS
        this.#append(this.#sinceMark());
        return true;
      case 0x7d: // EMPTY_DICT
        this.#stack.push({ kind: 'dict', ordered: false, entries: new Map() });
        return true;
      case 0x73: {
        const value = this.#pop();
        this.#set([this.#pop(), value]);
        return true;
      }
      case 0x75: // SETITEMS
        this.#set(this.#sinceMark());
        return true;
      case 0x63: // GLOBAL
        this.#stack.push({ kind: 'name', name: this.#name() });
        return true;
      case 0x52: // REDUCE
        this.#reduce();
        return true;
      case 0x51: // BINPERSID
        this.#stack.push(this.#made(makeStorage(this.#pop())));
        return true;
      case 0x62: // BUILD
        this.#build();
        return true;
      default:
        return false;
    }
  }

  /** LONG1: a length of at most 16 bytes, little-endian, in two's complement. */
  #long(): bigint {
    const length = this.#byte();
    if (length > 16) throw this.#error(`a whole number of ${length} bytes is not known here`);
    const at = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = value * 256n + BigInt(this.#bytes[at + i]);
    return BigInt.asIntN(8 * length, value);
  }

  #text(): string {
    const length = this.#view.getUint32(this.#take(4), true);
    if (length > MAX_TEXT) throw this.#error(`a text of ${length} bytes is longer than ${MAX_TEXT}`);
    const at = this.#take(length);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        this.#bytes.subarray(at, at + length),
      );
    } catch {
      throw this.#error('a text is not UTF-8');
    }
  }

  /** GLOBAL: module and name, each ended by a line feed. */
  #name(): string {
    const lines = [this.#line(), this.#line()];
    const name = lines.join('.');
    if (!KNOWN_NAMES.has(name)) throw this.#error(`the name ${JSON.stringify(name)} is not allowed`);
    return name;
  }

  #line(): string {
    const length = this.#bytes.subarray(this.#at, this.#at + 128).indexOf(0x0a);
    if (length === -1) throw this.#error('a name is cut off or too long');
    const at = this.#take(length + 1);
    return Buffer.from(this.#bytes.subarray(at, at + length)).toString('latin1');
  }

  #keep(place: number): void {
    const value = this.#pop();
    this.#memo.set(place, value);
    this.#stack.push(value);
  }

  #kept(place: number): PickleValue {
    const value = this.#memo.get(place);
    if (value === undefined) throw this.#error(`nothing was kept at place ${place}`);
    return value;
  }

  #append(values: readonly PickleValue[]): void {
    const list = this.#pop();
    if (typeof list !== 'object' || list?.kind !== 'list') throw this.#error('APPENDS to what is no list');
    for (const value of values) list.items.push(value);
    this.#stack.push(list);
  }

  /** @param pairs key, value, key, value, ... */
  #set(pairs: readonly PickleValue[]): void {
    const dict = this.#pop();
    if (typeof dict !== 'object' || dict?.kind !== 'dict')
      throw this.#error('an entry for what is no dictionary');
    if (pairs.length % 2 !== 0) throw this.#error('an entry without a value');
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i];
      if (typeof key !== 'string') throw this.#error('the key of an entry is no text');
      if (dict.entries.has(key)) throw this.#error(`two entries ${JSON.stringify(key)}`);
      dict.entries.set(key, pairs[i + 1]);
    }
    this.#stack.push(dict);
  }

  #made(made: Called): PickleValue {
    if (made.refusal !== undefined) throw this.#error(made.refusal);
    return made.value;
  }

  #reduce(): void {
    const parts = this.#pop();
    const called = this.#pop();
    if (typeof called !== 'object' || called?.kind !== 'name') throw this.#error('REDUCE of what is no name');
    if (typeof parts !== 'object' || parts?.kind !== 'tuple') throw this.#error('REDUCE without a tuple');
    this.#stack.push(this.#made(callGlobal(called.name, (parts as Tuple).items)));
  }

  /** BUILD: `_metadata` of a state dictionary, which is dropped. */
  #build(): void {
    const state = this.#pop();
    const target = this.#pop();
    const isOrdered = typeof target === 'object' && target?.kind === 'dict' && target.ordered;
    const keys = typeof state === 'object' && state?.kind === 'dict' ? [...state.entries.keys()] : null;
    if (!isOrdered || keys?.join() !== '_metadata') {
      throw this.#error('BUILD of anything but the _metadata of an OrderedDict');
    }
    this.#stack.push(target as OrderedDict);
  }
}
