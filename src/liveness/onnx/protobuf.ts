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
  return fields.filter((f) => f.number === number).map((f) => Buffer.from(f.value ?? []).toString());
}

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

/** An integer field. */
export function integerField(number: number, value: number): Buffer {
  return Buffer.from([...varintBytes(number * 8), ...varintBytes(value)]);
}

/** What stands before the content of a length-delimited field of `length` bytes. */
export function fieldHead(number: number, length: number): Buffer {
  return Buffer.from([...varintBytes(number * 8 + 2), ...varintBytes(length)]);
}

/** A length-delimited field. */
export function bytesField(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([fieldHead(number, content.length), content]);
}

/** A text field. */
export function textField(number: number, content: string): Buffer {
  return bytesField(number, Buffer.from(content));
}
