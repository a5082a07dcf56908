import { RESAMPLE_KERNEL } from './resample-kernel.ts';

/** The little of WebAssembly's own types that is used; Node's type package leaves them out. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** What resample.wat exports; offsets and sizes in bytes of its memory. */
export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  blendBytes(sums: number, table: number, end: number, n: number): void;
  addFloats(sums: number, row: number, n: number, weight: number): void;
  reduce(out: number, sums: number, table: number, n: number, scale: number, shift: number): void;
  bilinear(
    out: number,
    table: number,
    n: number,
    top: number,
    bottom: number,
    weightTop: number,
    weightBottom: number,
    norm: number,
  ): void;
  split(pixels: number, n: number, first: number, second: number, third: number): void;
}

/** Interleaved RGB, bytes or floats. */
export interface Source {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Float32Array;
}

const PAGE = 65_536;
/** Room behind data for reads of whole vectors, bytes. */
export const SLACK = 64;
/**
 * Bytes of a picture that is copied into the kernel's memory as a whole, at most. Of larger ones the rows in
 * use are.
 */
const MOST_HELD = 12 * 1024 * 1024;

let loaded: Kernel | undefined;
let held: Uint8Array | null = null;

/** The kernel of this thread. Every call uses it from beginning to end without a pause, so one is enough. */
export function kernel(): Kernel {
  if (loaded === undefined) {
    const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };
    const module = new WebAssembly.Module(Buffer.from(RESAMPLE_KERNEL, 'base64'));
    loaded = new WebAssembly.Instance(module).exports as Kernel;
  }
  return loaded;
}

/** `bytes` rounded up to whole vectors. */
export const up = (bytes: number) => (bytes + 15) & ~15;

/** Where working memory begins: behind the held picture. */
export function workspace(): number {
  return held === null ? 0 : up(held.length) + SLACK;
}

/** Makes the kernel's memory at least `bytes` long. Views of it are void afterwards. */
export function reserve(bytes: number): ArrayBuffer {
  const { memory } = kernel();
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return memory.buffer;
}

/**
 * Copies a picture into the kernel's memory, so that resampling it spares the copies of single rows. A hint
 * alone: results are the same without, for pictures that are too large for it, and when another picture is
 * held in between.
 */
export function holdPicture(picture: { readonly data: Uint8Array }): void {
  const { data } = picture;
  held = null;
  if (data.length > MOST_HELD) return;
  new Uint8Array(reserve(up(data.length) + SLACK)).set(data);
  held = data;
}

/** Forgets a held picture, if it is still this one. */
export function letGo(picture: { readonly data: Uint8Array }): void {
  if (held === picture.data) held = null;
}

/** Finds rows of bytes in the kernel's memory, and brings them there where needed. */
export interface RowFinder {
  /** Bytes that the finder needs at the place it is given. */
  readonly room: number;
  /** Tells where its room is. To be called once, when the memory grows no more. */
  place(at: number, memory: ArrayBuffer): void;
  /**
   * Where the row's part begins. Rows outside the picture are its first or last; so are columns.
   *
   * @param row may be used together with those asked for before it, up to the number that the finder was made
   * for.
   */
  find(row: number): number;
}

/**
 * A finder of `count` pixels from column `x` on, of which the last `rows` different ones asked for are there
 * at a time.
 */
export function rowFinder(source: Source, x: number, count: number, rows: number): RowFinder {
  const { width, height, data } = source;
  const inside = (row: number) => Math.min(height - 1, Math.max(0, row));
  if (data === held && x >= 0 && x + count <= width) {
    return { room: 0, place: () => {}, find: (row) => (inside(row) * width + x) * 3 };
  }
  const stride = up(count * 3) + SLACK;
  const left = Math.min(width - 1, Math.max(0, x));
  const right = Math.min(width - 1, Math.max(0, x + count - 1));
  const slots = new Int32Array(rows).fill(-1);
  let base = 0;
  let next = 0;
  let bytes = new Uint8Array(0);
  const load = (row: number, into: Uint8Array) => {
    const start = row * width * 3;
    into.set(data.subarray(start + left * 3, start + (right + 1) * 3), (left - x) * 3);
    const repeat = (from: number, first: number, end: number) => {
      for (let px = first; px < end; px++) {
        for (let c = 0; c < 3; c++) into[(px - x) * 3 + c] = data[start + from * 3 + c];
      }
    };
    repeat(left, x, Math.min(left, x + count));
    repeat(right, Math.max(right + 1, x), x + count);
  };
  return {
    room: stride * rows,
    place(at, memory) {
      base = at;
      bytes = new Uint8Array(memory, at, stride * rows);
    },
    find(row) {
      const wanted = inside(row);
      let slot = slots.indexOf(wanted);
      if (slot < 0) {
        slot = next;
        next = (next + 1) % rows;
        slots[slot] = wanted;
        load(wanted, bytes.subarray(slot * stride, (slot + 1) * stride));
      }
      return base + slot * stride;
    },
  };
}
