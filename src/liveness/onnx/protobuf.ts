/** One field of a protobuf message: its number and where it lies, tag included. */
export interface Field {
  readonly number: number;
  readonly start: number;
  readonly end: number;
  /** Payload of a length-delimited field, else null. */
  readonly value: Uint8Array | null;
  /** Value of a varint field, else 0. */
  readonly varint: number;
}

/** The bytes are no protobuf message. */
export class MalformedError extends Error {}

function readVarint(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  let scale = 1;
  for (let i = at; i < Math.min(bytes.length, at + 10); i++) {
    value += (bytes[i] & 127) * scale;
    if (bytes[i] < 128) return [value, i + 1];
    scale *= 128;
  }
  throw new MalformedError('a number is cut off');
}

/**
 * Splits a message into its fields, in order.
 * @throws {MalformedError} when the bytes are no message
 */
export function readFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const [tag, afterTag] = readVarint(bytes, at);
    let end: number;
    let value: Uint8Array | null = null;
    let varint = 0;
    switch (tag & 7) {
      case 0:
        [varint, end] = readVarint(bytes, afterTag);
        break;
      case 1:
        end = afterTag + 8;
        break;
      case 2: {
        const [length, begin] = readVarint(bytes, afterTag);
        end = begin + length;
        value = bytes.subarray(begin, end);
        break;
      }
      case 5:
        end = afterTag + 4;
        break;
      default:
        throw new MalformedError(`wire type ${tag & 7} is not known`);
    }
    if (end > bytes.length) throw new MalformedError('a field is cut off');
    fields.push({ number: Math.floor(tag / 8), start, end, value, varint });
    at = end;
  }
  return fields;
}

/** Numbers of a repeated integer field, packed or not. */
export function readIntegers(fields: readonly Field[], number: number): number[] {
  const found: number[] = [];
  for (const field of fields) {
    if (field.number !== number) continue;
    if (field.value === null) {
      found.push(field.varint);
      continue;
    }
    for (let at = 0; at < field.value.length; ) {
      const [value, next] = readVarint(field.value, at);
      found.push(value);
      at = next;
    }
  }
  return found;
}

/** Texts of a repeated text field. */
export function readTexts(fields: readonly Field[], number: number): string[] {
  const found: string[] = [];
  for (const field of fields) if (field.number === number) found.push(textOf(field.value));
  return found;
}

const textOf = (value: Uint8Array | null) =>
  value === null ? '' : Buffer.from(value.buffer, value.byteOffset, value.length).toString();

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** Fields one behind the other in one piece of memory: a model has thousands. */
export class FieldWriter {
  #bytes: Buffer;
  #at = 0;

  /** @param room bytes to set aside at once; it grows where that is not enough. */
  constructor(room: number) {
    this.#bytes = Buffer.allocUnsafe(room);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#at;
  }

  /** What was written; valid until more is written. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  /** An integer field. */
  integer(number: number, value: number): void {
    this.#varint(number * 8);
    this.#varint(value);
  }

  /** What stands before the content of a length-delimited field of `length` bytes. */
  head(number: number, length: number): void {
    this.#varint(number * 8 + 2);
    this.#varint(length);
  }

  /** A text field. */
  text(number: number, content: string): void {
    const length = Buffer.byteLength(content);
    this.head(number, length);
    this.#room(length);
    this.#at += this.#bytes.write(content, this.#at);
  }

  /** Bytes as they are. */
  raw(content: Uint8Array): void {
    this.#room(content.length);
    this.#bytes.set(content, this.#at);
    this.#at += content.length;
  }

  /** A field whose content is what `write` writes. */
  nested(number: number, write: () => void): void {
    const start = this.#at;
    write();
    const length = this.#at - start;
    const head = varintLength(number * 8 + 2) + varintLength(length);
    this.#room(head);
    this.#bytes.copyWithin(start + head, start, this.#at);
    this.#at = start;
    this.head(number, length);
    this.#at += length;
  }

  #varint(value: number): void {
    this.#room(10);
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#bytes[this.#at++] = (rest % 128) + 128;
    this.#bytes[this.#at++] = rest;
  }

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#at + more));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}

function field(room: number, write: (out: FieldWriter) => void): Buffer {
  const out = new FieldWriter(room);
  write(out);
  return out.written;
}

/** An integer field. */
export function integerField(number: number, value: number): Buffer {
  return field(20, (out) => out.integer(number, value));
}

/** What stands before the content of a length-delimited field of `length` bytes. */
export function fieldHead(number: number, length: number): Buffer {
  return field(20, (out) => out.head(number, length));
}

/** A length-delimited field. */
export function bytesField(number: number, content: Uint8Array): Buffer {
  return field(20 + content.length, (out) => {
    out.head(number, content.length);
    out.raw(content);
  });
}

/** A text field. */
export function textField(number: number, content: string): Buffer {
  return field(20 + 3 * content.length, (out) => out.text(number, content));
}
