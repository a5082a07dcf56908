import sharp, { type Sharp } from 'sharp';
import type { Fault } from '../../faults.ts';
import type { RgbPicture } from '../../liveness/types.ts';
import { checkSize, DECODE_SECONDS, DEFAULT_LIMITS, type PictureLimits, refuse } from '../limits.ts';
import { decodeBmp, readBmpHeader } from './bmp.ts';
import { isPlainProfile } from './colour-profile.ts';
import { decodeHeif } from './heif/heif.ts';
import { jpegEndsInZeros, readJpegData } from './jpeg/damage.ts';
import { surveyJpeg } from './jpeg/survey.ts';
import { pngIsComplete, withoutTexts } from './png-chunks.ts';
import { ACCEPTED_NAMES, type PictureFormat, sniffFormat } from './sniff.ts';
import { webpHasHole } from './webp-chunks.ts';

export { DEFAULT_LIMITS, type PictureLimits } from '../limits.ts';

/** A decoded picture: turned upright as the file says, 8-bit sRGB, alpha dropped. */
export interface DecodedPicture extends RgbPicture {
  readonly format: PictureFormat;
}

/**
 * Scans of a JPEG, at most. Encoders write about ten, the most thorough some thirty; each one costs a pass
 * over all pixels.
 */
const MOST_SCANS = 64;
/**
 * The same for arithmetic codes, which no camera writes: they fit any number of decisions into no bytes at
 * all, so that each scan may look at every coefficient. Encoders write ten.
 */
const MOST_ARITHMETIC_SCANS = 12;

/** The library's failure as a fault, its wording kept for the operator's log alone. */
function decodeFault(format: string, error: unknown): Fault {
  const detail = error instanceof Error ? error.message.split('\n')[0] : String(error);
  if (isTimeout(error)) {
    return refuse('too_slow', `the ${format} takes more than ${DECODE_SECONDS} s to decode`, error);
  }
  const truncated = /premature|truncated|end of (?:file|input|stream)|not enough data|unable to parse/i.test(
    detail,
  );
  return refuse(
    truncated ? 'truncated' : 'corrupt',
    `the ${format} ${truncated ? 'is cut off' : 'cannot be decoded'} (${detail})`,
    error,
  );
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('timeout:');
}

type Strictness = 'error' | 'warning';

function pipeline(bytes: Uint8Array, limits: PictureLimits, failOn: Strictness, ignoreIcc: boolean): Sharp {
  const options = {
    failOn,
    limitInputPixels: limits.pixels,
    ignoreIcc,
    sequentialRead: true,
  } as const;
  return sharp(bytes, options).timeout({ seconds: DECODE_SECONDS });
}

/**
 * The part of the file that the library gets to see, without what could hurt and does not touch the pixels.
 */
function lean(bytes: Uint8Array, format: 'jpeg' | 'png' | 'webp'): Uint8Array {
  if (format === 'png') return withoutTexts(bytes);
  if (format === 'webp') return bytes;
  const { scans, arithmetic, end } = surveyJpeg(bytes, MOST_SCANS);
  const most = arithmetic ? MOST_ARITHMETIC_SCANS : MOST_SCANS;
  if (scans > most) throw refuse('too_many_scans', `the jpeg has more than ${most} scans; save it anew`);
  return bytes.subarray(0, end);
}

/**
 * Refuses data that is lacking or cannot be right, of which the library only warns, or makes a picture
 * without a word. Says what the library is to read, and how strict it has to be: where this here could not
 * read the file, its every warning counts.
 */
function checkData(
  bytes: Uint8Array,
  format: 'jpeg' | 'png' | 'webp',
): { readonly bytes: Uint8Array; readonly failOn: Strictness } {
  if (format === 'png' && !pngIsComplete(bytes)) throw refuse('truncated', 'the png is cut off');
  if (format === 'webp' && webpHasHole(bytes)) {
    throw refuse('truncated', 'the webp is cut off (a part of it holds only zeros)');
  }
  if (format !== 'jpeg') return { bytes, failOn: 'error' };
  const { state, endsAt } = readJpegData(bytes);
  if (state === 'unread') return { bytes, failOn: 'warning' };
  if (state !== 'whole') {
    const what = state.reason === 'truncated' ? 'is cut off' : 'is damaged';
    throw refuse(state.reason, `the jpeg ${what} (${state.detail})`);
  }
  // The library must not look for scans in what its maker put behind a picture without an end marker.
  const ended = endsAt !== null && endsAt + 1 < bytes.length;
  return {
    bytes: ended ? Buffer.concat([bytes.subarray(0, endsAt), Buffer.from([0xff, 0xd9])]) : bytes,
    failOn: 'error',
  };
}

async function decodeCompressed(
  file: Uint8Array,
  format: 'jpeg' | 'png' | 'webp',
  limits: PictureLimits,
): Promise<RgbPicture> {
  const bytes = lean(file, format);
  const fail = (error: unknown): never => {
    const fault = decodeFault(format, error);
    if (format !== 'jpeg' || fault.reason !== 'corrupt' || !jpegEndsInZeros(bytes)) throw fault;
    throw refuse('truncated', 'the jpeg is cut off (it ends in zeros)', error);
  };
  const metadata = await sharp(bytes, { failOn: 'error', limitInputPixels: false }).metadata().catch(fail);
  if (metadata.format !== format)
    throw refuse('corrupt', `expected ${format}, the decoder sees ${metadata.format}`);
  checkSize(metadata.width, metadata.height, limits);
  if ((metadata.pages ?? 1) > 1) throw refuse('animated', 'the picture is animated; send one still photo');
  const checked = checkData(bytes, format);
  const run = (ignoreIcc: boolean) => {
    const upright = pipeline(checked.bytes, limits, checked.failOn, ignoreIcc).autoOrient().removeAlpha();
    // The library applies a 16-bit picture's colour profile only when told to work in sRGB from the start.
    const placed = metadata.depth === 'uchar' ? upright : upright.pipelineColourspace('srgb');
    return placed.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  };
  const calculates = metadata.icc !== undefined && !isPlainProfile(metadata.icc);
  const decoded = await run(calculates).catch((error: unknown) => {
    if (metadata.icc === undefined || isTimeout(error)) return fail(error);
    // A broken colour profile must not lock a person out: the pixels are then taken as sRGB.
    return run(true).catch(fail);
  });
  const { data, info } = decoded;
  if (info.channels === 3) return { width: info.width, height: info.height, data };
  if (info.channels === 1) return { width: info.width, height: info.height, data: tripleGrey(data) };
  throw refuse('corrupt', `the decoder gave ${info.channels} channels`);
}

function tripleGrey(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3);
  let to = 0;
  for (const value of grey) {
    rgb[to++] = value;
    rgb[to++] = value;
    rgb[to++] = value;
  }
  return rgb;
}

/**
 * Decodes JPEG, PNG, WebP, BMP, HEIC or AVIF to interleaved 8-bit sRGB, upright and with alpha dropped: as
 * EXIF says, or in HEIC and AVIF as their own boxes say. Embedded colour profiles are converted to sRGB, CMYK
 * and grey too. The kind is told by content; everything else is refused.
 *
 * @throws {Fault} `picture_unreadable` with reason `not_an_image`, `unsupported`, `truncated`, `corrupt`,
 * `empty`, `animated`, `too_many_pixels`, `too_many_scans`, `too_slow` or `too_large`
 */
export async function decodePicture(
  bytes: Uint8Array,
  limits: PictureLimits = DEFAULT_LIMITS,
): Promise<DecodedPicture> {
  if (bytes.length === 0) throw refuse('empty', 'the picture has no bytes');
  if (bytes.length > limits.bytes) {
    throw refuse('too_large', `${bytes.length} bytes are over the limit of ${limits.bytes}`);
  }
  const format = sniffFormat(bytes);
  switch (format) {
    case 'bmp': {
      const header = readBmpHeader(bytes);
      checkSize(header.width, header.height, limits);
      return { ...decodeBmp(bytes, header), format };
    }
    case 'jpeg':
    case 'png':
    case 'webp':
      return { ...(await decodeCompressed(bytes, format, limits)), format };
    case 'heif':
    case 'avif':
      return { ...(await decodeHeif(bytes, format, limits)), format };
    case 'unknown':
      throw refuse('not_an_image', `the bytes are no picture of a known kind; send ${ACCEPTED_NAMES}`);
    default:
      throw refuse('unsupported', `${format} pictures are not judged; send ${ACCEPTED_NAMES}`);
  }
}
