import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { type WasmInstance, type WasmMemory, type WasmModule, webAssembly } from './web-assembly.ts';

/** What the thread is given: the file, the library's compiled code, and the most memory it may take, in bytes. */
export interface HeifThreadData {
  readonly livestillHeif: {
    readonly file: Uint8Array;
    readonly module: WasmModule;
    readonly memoryBytes: number;
  };
}

/** What it answers: the upright picture, or why there is none. */
export type HeifThreadAnswer =
  | { readonly width: number; readonly height: number; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly failed: string };

/** The part of libheif's C interface that is used; pointers are numbers, structures are written to the first argument. */
interface Libheif {
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  _malloc(bytes: number): number;
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

/** Decodes the primary picture, cropped and turned as its boxes say. The thread ends afterwards, and with it what it took. */
function decode({ file, module, memoryBytes }: HeifThreadData['livestillHeif']): HeifThreadAnswer {
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
