import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { type WasmInstance, type WasmMemory, type WasmModule, webAssembly } from '../web-assembly.ts';
import { BoxReader } from './boxes.ts';
import type { HevcItem } from './survey.ts';

/**
 * What the thread is given: the file, the library's compiled code, and the most memory it may take, in bytes.
 */
export interface HeifThreadData {
  readonly livestillHeif: {
    readonly file: Uint8Array<ArrayBuffer>;
    readonly isRgb: boolean;
    /** The coded picture or its tiles. */
    readonly items: readonly HevcItem[];
    readonly module: WasmModule;
    readonly memoryBytes: number;
  };
}

/** What it answers: the upright picture, or why there is none. */
export type HeifThreadAnswer =
  | { readonly width: number; readonly height: number; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly failed: string };

/**
 * The part of libheif's C interface that is used; pointers are numbers, structures are written to the first
 * argument.
 */
interface Libheif {
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  _malloc(bytes: number): number;
  _de265_new_decoder(): number;
  _de265_free_decoder(decoder: number): number;
  _de265_set_parameter_bool(decoder: number, parameter: number, value: number): void;
  _de265_push_NAL(
    decoder: number,
    data: number,
    bytes: number,
    time: number,
    timeHigh: number,
    user: number,
  ): number;
  _de265_flush_data(decoder: number): number;
  _de265_decode(decoder: number, more: number): number;
  _de265_get_next_picture(decoder: number): number;
  _de265_get_chroma_format(image: number): number;
  _de265_get_image_matrix_coefficients(image: number): number;
  _de265_get_image_width(image: number, channel: number): number;
  _de265_get_image_height(image: number, channel: number): number;
  _de265_get_bits_per_pixel(image: number, channel: number): number;
  _de265_get_image_plane(image: number, channel: number, stride: number): number;
  _heif_context_alloc(): number;
  _heif_context_read_from_memory_without_copy(
    error: number,
    context: number,
    data: number,
    bytes: number,
    options: number,
  ): void;
  _heif_context_get_primary_image_handle(error: number, context: number, handle: number): void;
  _heif_decoding_options_alloc(): number;
  _heif_decode_image(
    error: number,
    handle: number,
    image: number,
    colourSpace: number,
    chroma: number,
    options: number,
  ): void;
  _heif_image_get_width(image: number, channel: number): number;
  _heif_image_get_height(image: number, channel: number): number;
  _heif_image_get_plane_readonly(image: number, channel: number, stride: number): number;
}

/** libde265/de265.h: give out no picture in which something was wrong. */
const SUPPRESS_FAULTY_PICTURES = 6;

type Factory = (settings: {
  instantiateWasm(imports: unknown, done: (instance: WasmInstance, module: WasmModule) => void): object;
  print(): void;
  printErr(): void;
}) => Libheif;

// libheif/heif_image.h and heif_decoding.h of libheif 1.23.
const COLOUR_SPACE_RGB = 1;
const CHROMA_INTERLEAVED_RGB = 10;
const CHANNEL_INTERLEAVED = 10;
/** Offsets in `heif_decoding_options`, 32-bit pointers: two bytes, four pointers, then these. */
const CONVERT_HDR_TO_8_BIT = 20;
const STRICT_DECODING = 21;
const PAGE = 65_536;

/** Nothing else runs in this thread, so its memory can be bounded for all of it. */
function boundMemory(bytes: number): void {
  const { grow } = webAssembly.Memory.prototype;
  webAssembly.Memory.prototype.grow = function (this: WasmMemory, pages: number): number {
    if (this.buffer.byteLength + pages * PAGE > bytes) throw new RangeError('too much memory');
    return grow.call(this, pages);
  };
}

function load(module: WasmModule): Libheif {
  const factory = createRequire(import.meta.url)('libheif-js/libheif-wasm/libheif.js') as Factory;
  return factory({
    instantiateWasm(imports, done) {
      const instance = new webAssembly.Instance(module, imports);
      done(instance, module);
      return instance.exports;
    },
    print() {},
    printErr() {},
  });
}

/** The units of a coded picture, its parameter sets first (ISO/IEC 14496-15 §8.3.2.1). */
function* unitsOf(file: Uint8Array, { configuration, data }: HevcItem): Generator<Uint8Array> {
  const head = new BoxReader(file, configuration.from + 21, configuration.to);
  const lengthSize = (head.number(1) & 3) + 1;
  for (let arrays = head.number(1); arrays > 0; arrays--) {
    head.number(1);
    for (let units = head.number(2); units > 0; units--) {
      const length = head.number(2);
      yield file.subarray(head.at, head.at + length);
      head.at += length;
    }
  }
  const parts = data.map(({ from, to }) => file.subarray(from, to));
  const all = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
  for (const reader = new BoxReader(all, 0, all.length); reader.left > 0; ) {
    let length = 0;
    for (let byte = 0; byte < lengthSize; byte++) length = length * 256 + reader.number(1);
    yield all.subarray(reader.at, reader.at + length);
    reader.at += length;
  }
}

/**
 * Whether a part of a picture was never decoded, since its data ended by chance where it was damaged: there
 * all is 0, and no colour has both differences 0. Looks at every fourth value of every fourth row; a block of
 * 16 x 16 pixels has four of them.
 */
function hasGap(lib: Libheif, image: number, out: number): boolean {
  const isMono = lib._de265_get_chroma_format(image) === 0;
  if (isMono || lib._de265_get_image_matrix_coefficients(image) === 0) return false;
  const [width, height] = [lib._de265_get_image_width(image, 1), lib._de265_get_image_height(image, 1)];
  const bytes = lib._de265_get_bits_per_pixel(image, 1) > 8 ? 2 : 1;
  const first = lib._de265_get_image_plane(image, 1, out);
  const stride = new DataView(lib.HEAPU8.buffer).getUint32(out, true);
  const second = lib._de265_get_image_plane(image, 2, out);
  const isZero = (at: number) => lib.HEAPU8[at] === 0 && (bytes === 1 || lib.HEAPU8[at + 1] === 0);
  let gaps = 0;
  for (let y = 0; y < height; y += 4) {
    for (let x = 0; x < width; x += 4) {
      const at = y * stride + x * bytes;
      if (isZero(first + at) && isZero(second + at) && ++gaps === 4) return true;
    }
  }
  return false;
}

/**
 * Whether the decoder finds nothing wrong with the coded data. Through libheif it fills damaged parts with
 * anything and says nothing; asked directly, it can be told to give out no such picture. That takes a second
 * pass, of about half the time of decoding.
 */
function isWhole(
  lib: Libheif,
  { file, isRgb }: HeifThreadData['livestillHeif'],
  item: HevcItem,
  scratch: number,
  out: number,
): boolean {
  const decoder = lib._de265_new_decoder();
  lib._de265_set_parameter_bool(decoder, SUPPRESS_FAULTY_PICTURES, 1);
  for (const unit of unitsOf(file, item)) {
    lib.HEAPU8.set(unit, scratch);
    if (lib._de265_push_NAL(decoder, scratch, unit.length, 0, 0, 0) !== 0) return false;
  }
  lib._de265_flush_data(decoder);
  let isThere = false;
  for (;;) {
    const failed = lib._de265_decode(decoder, out) !== 0;
    const image = lib._de265_get_next_picture(decoder);
    if (image !== 0) {
      if (!isRgb && hasGap(lib, image, out)) return false;
      isThere = true;
    }
    if (failed || new DataView(lib.HEAPU8.buffer).getUint32(out, true) === 0) break;
  }
  lib._de265_free_decoder(decoder);
  return isThere;
}

/**
 * Decodes the primary picture, cropped and turned as its boxes say. The thread ends afterwards, and with it
 * what it took.
 */
function decode(task: HeifThreadData['livestillHeif']): HeifThreadAnswer {
  const { file, items, module, memoryBytes } = task;
  boundMemory(memoryBytes);
  const lib = load(module);
  const word = (at: number) => new DataView(lib.HEAPU8.buffer).getUint32(at, true);
  const allocate = (bytes: number): number => {
    const at = lib._malloc(bytes);
    if (at === 0) throw new RangeError('too much memory');
    return at;
  };
  // heif_error: code, subcode, text.
  const error = allocate(12);
  const out = allocate(4);
  const failure = (): string | null => {
    if (word(error) === 0) return null;
    const at = word(error + 8);
    return Buffer.from(lib.HEAPU8.subarray(at, lib.HEAPU8.indexOf(0, at))).toString('latin1');
  };
  const data = allocate(file.length);
  lib.HEAPU8.set(file, data);
  const scratch = allocate(file.length);
  if (!items.every((item) => isWhole(lib, task, item, scratch, out))) {
    return { failed: 'its coded data is damaged' };
  }
  const context = lib._heif_context_alloc();
  lib._heif_context_read_from_memory_without_copy(error, context, data, file.length, 0);
  let failed = failure();
  if (failed !== null) return { failed };
  lib._heif_context_get_primary_image_handle(error, context, out);
  failed = failure();
  if (failed !== null) return { failed };
  const handle = word(out);
  const options = lib._heif_decoding_options_alloc();
  lib.HEAPU8[options + CONVERT_HDR_TO_8_BIT] = 1;
  lib.HEAPU8[options + STRICT_DECODING] = 1;
  lib._heif_decode_image(error, handle, out, COLOUR_SPACE_RGB, CHROMA_INTERLEAVED_RGB, options);
  failed = failure();
  if (failed !== null) return { failed };
  const image = word(out);
  const width = lib._heif_image_get_width(image, CHANNEL_INTERLEAVED);
  const height = lib._heif_image_get_height(image, CHANNEL_INTERLEAVED);
  const plane = lib._heif_image_get_plane_readonly(image, CHANNEL_INTERLEAVED, out);
  const stride = word(out);
  if (plane === 0 || !(width > 0 && height > 0) || stride < width * 3) return { failed: 'no pixels' };
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    pixels.set(lib.HEAPU8.subarray(plane + y * stride, plane + y * stride + width * 3), y * width * 3);
  }
  return { width, height, data: pixels };
}

function answer(task: HeifThreadData['livestillHeif']): HeifThreadAnswer {
  try {
    return decode(task);
  } catch (error) {
    // An exception of the compiled code is a number or an object of its own.
    return { failed: error instanceof Error ? error.message : `exception ${String(error)}` };
  }
}

const given = (workerData as Partial<HeifThreadData> | null)?.livestillHeif;
if (parentPort !== null && given !== undefined) {
  const made = answer(given);
  parentPort.postMessage(made, 'data' in made ? [made.data.buffer] : []);
}
