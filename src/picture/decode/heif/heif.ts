import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import sharp from 'sharp';
import type { RgbPicture } from '../../../liveness/types.ts';
import { checkSize, DECODE_SECONDS, type PictureLimits, refuse } from '../../limits.ts';
import { toSrgb } from '../to-srgb.ts';
import { type WasmModule, webAssembly } from '../web-assembly.ts';
import { HeifRefused, type HeifSurvey, surveyHeif } from './survey.ts';
import type { HeifThreadAnswer, HeifThreadData } from './thread.ts';

/**
 * Memory of the library itself, and for each pixel of the picture and its tiles: a picture without tiles
 * counts twice.
 */
const BASE_BYTES = 64 * 1024 * 1024;
const BYTES_A_PIXEL = 12;
/** Tiles may reach beyond the picture, and its transparency is decoded with it. */
const MOST_CODED = 2.5;
/**
 * Seconds after which a HEIC is given up, whatever else the machine does: less than the 30 after which its
 * worker counts as stuck. The largest takes 5 on a processor of its own.
 */
const HEVC_SECONDS = 25;
/**
 * Share of the pixels that may be AV1 or deeper than 8 bits: they take 20 bytes a pixel while they are
 * decoded, HEVC of 8 bits takes 12.
 */
const HEAVY_SHARE = 0.6;
/** Tiles may reach a little beyond the largest picture. */
const OVERHANG = 1.1;

const nameOf = (codec: HeifSurvey['codec']) => (codec === 'hevc' ? 'HEIC' : 'AVIF');

let compiled: Promise<WasmModule> | undefined;

/**
 * The library's code, compiled at the first HEIC picture of the process; null where the optional package is
 * not installed.
 */
async function library(): Promise<WasmModule | null> {
  let path: string;
  try {
    path = createRequire(import.meta.url).resolve('libheif-js/libheif-wasm/libheif.wasm');
  } catch {
    return null;
  }
  compiled ??= readFile(path).then((code) => webAssembly.compile(code));
  return compiled.catch((error: unknown) => {
    compiled = undefined;
    throw error;
  });
}

/** The built thread beside this file, or in `dist/` when this runs from the sources. */
function threadFile(): string {
  const beside = fileURLToPath(new URL('thread.js', import.meta.url));
  return existsSync(beside)
    ? beside
    : fileURLToPath(new URL('../../../../dist/picture/decode/heif/thread.js', import.meta.url));
}

/**
 * Decodes in a thread of its own, which ends with its memory when it answers or after `HEVC_SECONDS`: what a
 * file does to the library, it does to nobody else.
 */
async function decodeHevc(
  bytes: Uint8Array,
  { hevc: items, isRgb, ...found }: HeifSurvey,
): Promise<RgbPicture> {
  const module = await library();
  if (module === null) {
    throw refuse(
      'unsupported',
      'HEIC pictures need the optional package libheif-js, which is not installed here; send JPEG, PNG, WebP, BMP or AVIF',
    );
  }
  const memoryBytes =
    BASE_BYTES + 2 * bytes.length + (found.width * found.height + found.codedPixels) * BYTES_A_PIXEL;
  // A copy: a view would take all the memory it lies in along.
  const file = new Uint8Array(bytes);
  const workerData: HeifThreadData = { livestillHeif: { file, items, isRgb, module, memoryBytes } };
  const worker = new Worker(threadFile(), {
    workerData,
    transferList: [file.buffer],
    execArgv: [],
    env: {},
    stdout: true,
    stderr: true,
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = await new Promise<HeifThreadAnswer>((resolve, reject) => {
      timer = setTimeout(
        () => reject(refuse('too_slow', `the HEIC takes more than ${HEVC_SECONDS} s to decode`)),
        HEVC_SECONDS * 1000,
      );
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => resolve({ failed: 'the decoder ended without an answer' }));
    });
    if ('data' in answer) return answer;
    throw refuse('corrupt', `the HEIC cannot be decoded (${answer.failed.slice(0, 200)})`);
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

async function decodeAv1(file: Uint8Array, limits: PictureLimits): Promise<RgbPicture> {
  try {
    const options = {
      failOn: 'error',
      limitInputPixels: limits.pixels,
      ignoreIcc: true,
      sequentialRead: true,
    } as const;
    const { data, info } = await sharp(file, options)
      .timeout({ seconds: DECODE_SECONDS })
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`${info.channels} channels`);
    return { width: info.width, height: info.height, data };
  } catch (error) {
    const detail = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw refuse('corrupt', `the AVIF cannot be decoded (${detail})`, error);
  }
}

function survey(bytes: Uint8Array, name: string): HeifSurvey {
  try {
    return surveyHeif(bytes);
  } catch (error) {
    if (!(error instanceof HeifRefused)) throw error;
    const hint = {
      animated: 'send one still photo',
      unsupported: 'send it as JPEG, PNG or WebP',
      truncated: 'it is cut off',
      corrupt: 'it is damaged',
    }[error.reason];
    throw refuse(error.reason, `the ${name} is not judged: ${error.message}; ${hint}`, error);
  }
}

/**
 * Decodes the primary picture of a HEIC or AVIF file to 8-bit sRGB. It is cropped, turned and mirrored as its
 * own boxes say; an orientation in its EXIF data plays no part (ISO/IEC 23000-22 §7.3.6.4). Thumbnails, depth
 * and gain maps are left aside, alpha is dropped. HEVC is decoded by libheif-js, which is loaded here alone
 * and at the first such picture; AV1 by the image library.
 *
 * @throws {Fault} `picture_unreadable` with reason `unsupported`, `animated`, `truncated`, `corrupt`,
 * `empty`, `too_many_pixels` or `too_slow`
 */
export async function decodeHeif(
  bytes: Uint8Array,
  format: 'heif' | 'avif',
  limits: PictureLimits,
): Promise<RgbPicture> {
  const found = survey(bytes, format === 'heif' ? 'HEIC' : 'AVIF');
  checkSize(found.width, found.height, limits);
  if (found.codedPixels > MOST_CODED * Math.min(limits.pixels, found.width * found.height + 1_048_576)) {
    throw refuse('too_many_pixels', `its parts have ${found.codedPixels} pixels, far more than the picture`);
  }
  const share = found.codec === 'av1' || found.isDeep ? HEAVY_SHARE : 1;
  if (
    found.codedPixels > limits.pixels * share * OVERHANG ||
    found.width * found.height > limits.pixels * share
  ) {
    throw refuse(
      'too_many_pixels',
      `${found.width} x ${found.height} with ${found.codedPixels} coded pixels is over the limit of ${Math.floor(limits.pixels * share)} pixels for its kind`,
    );
  }
  if (found.side > limits.side) {
    throw refuse('too_many_pixels', `no side of its parts may exceed ${limits.side} pixels`);
  }
  const decoded = found.codec === 'hevc' ? await decodeHevc(bytes, found) : await decodeAv1(bytes, limits);
  checkSize(decoded.width, decoded.height, limits);
  // A crop makes it smaller; more pixels than were announced are a lie about the size.
  if (decoded.width * decoded.height > found.width * found.height) {
    throw refuse('corrupt', `the ${nameOf(found.codec)} holds a larger picture than it says`);
  }
  return toSrgb(decoded, found.colour);
}
