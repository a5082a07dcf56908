/** A box of an ISO base media file (ISO/IEC 14496-12 §4.2): where its content begins and ends in the file. */
export interface Box {
  readonly type: string;
  readonly from: number;
  readonly to: number;
}

/** What cannot be read: the data ends too early, or it contradicts itself. */
export class BoxError extends Error {
  readonly reason: 'truncated' | 'corrupt';

  constructor(reason: BoxError['reason'], message: string) {
    super(message);
    this.name = 'BoxError';
    this.reason = reason;
  }
}

/** Boxes beside each other that are read at most; those of a photo number some hundreds. */
const MOST_BOXES = 10_000;

/** Reads big-endian numbers one behind the other, never beyond `end`. */
export class BoxReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.end - this.at;
  }

  #take(bytes: number): number {
    if (bytes > this.left) throw new BoxError('corrupt', 'a box is shorter than what it holds');
    this.at += bytes;
    return this.at - bytes;
  }

  /**
   * A number of 0 (always 0), 1, 2, 4 or 8 bytes.
   * @throws {BoxError} when the bytes are no such structure
   */
  number(bytes: number): number {
    const at = this.#take(bytes);
    switch (bytes) {
      case 0:
        return 0;
      case 1:
        return this.#view.getUint8(at);
      case 2:
        return this.#view.getUint16(at);
      case 4:
        return this.#view.getUint32(at);
      case 8: {
        const value = this.#view.getUint32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
        if (!Number.isSafeInteger(value)) throw new BoxError('corrupt', 'a number is too large');
        return value;
      }
      default:
        throw new BoxError('corrupt', `numbers of ${bytes} bytes do not exist`);
    }
  }

  /**
   * Four letters.
   * @throws {BoxError} when the bytes are no such structure
   */
  word(): string {
    const at = this.#take(4);
    return String.fromCharCode(...this.bytes.subarray(at, at + 4));
  }

  /**
   * The version and flags that a full box begins with.
   * @throws {BoxError} when the bytes are no such structure
   */
  versionAndFlags(): { readonly version: number; readonly flags: number } {
    const word = this.number(4);
    return { version: word >>> 24, flags: word & 0xff_ffff };
  }
}

/**
 * The boxes beside each other from `from` to `to`. It looks into none, so their depth does not matter.
 * @throws {BoxError} `truncated` where a box of the file itself goes beyond its end, `corrupt` where one goes
 * beyond the box around it
 */
export function* boxesIn(bytes: Uint8Array, from: number, to: number): Generator<Box> {
  const isFile = to === bytes.length;
  const reader = new BoxReader(bytes, from, to);
  for (let count = 0; reader.left > 0; count++) {
    if (count === MOST_BOXES) throw new BoxError('corrupt', `more than ${MOST_BOXES} boxes`);
    if (reader.left < 8) {
      // What a maker or a transfer put behind the last box does not matter; a head that was cut does not hold
      // the picture's data.
      if (isFile) return;
      throw new BoxError('corrupt', 'a box ends inside another');
    }
    const start = reader.at;
    const short = reader.number(4);
    const type = reader.word();
    const size = short === 1 ? reader.number(8) : short === 0 ? to - start : short;
    const end = start + size;
    if (end < reader.at) throw new BoxError('corrupt', `the box ${JSON.stringify(type)} is too short`);
    if (end > to) {
      throw new BoxError(isFile ? 'truncated' : 'corrupt', `the box ${JSON.stringify(type)} is cut off`);
    }
    yield { type, from: reader.at, to: end };
    reader.at = end;
  }
}
