import { Fault, type FaultReason } from '../../faults.ts';
import type { RgbPicture } from '../../liveness/types.ts';

/** What a BMP's headers say. */
export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bitsPerPixel: 1 | 4 | 8 | 16 | 24 | 32;
  /** Where the pixels begin, bytes. */
  readonly offset: number;
  /** Bytes a row, padding included. */
  readonly rowBytes: number;
  /** Colours as R, G, B bytes one after the other; empty where the pixels hold colours themselves. */
  readonly palette: Uint8Array;
  /** Bit masks of red, green and blue for 16 and 32 bits. */
  readonly masks: readonly [number, number, number];
}

const FILE_HEADER = 14;
const CORE_HEADER = 12;
const INFO_HEADER = 40;
const BI_RGB = 0;
const BI_BITFIELDS = 3;
const BI_ALPHABITFIELDS = 6;

function refuse(reason: FaultReason<'picture_unreadable'>, message: string): Fault {
  return new Fault('picture_unreadable', reason, `BMP: ${message}`);
}

function readMasks(view: DataView, compression: number, bits: number): BmpHeader['masks'] {
  if (compression === BI_RGB) return bits === 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0xff00, 0xff];
  const at = FILE_HEADER + INFO_HEADER;
  if (at + 12 > view.byteLength) throw refuse('truncated', 'cut off inside the header');
  const masks = [
    view.getUint32(at, true),
    view.getUint32(at + 4, true),
    view.getUint32(at + 8, true),
  ] as const;
  if (masks.some((m) => m === 0 || !isContiguous(m))) {
    throw refuse('corrupt', `colour masks ${masks.map((m) => m.toString(16)).join(', ')} are not usable`);
  }
  return [...masks];
}

function isContiguous(mask: number): boolean {
  const shifted = mask / (mask & -mask || 1);
  const value = Math.abs(shifted);
  return Number.isInteger(Math.log2(value + 1));
}

/**
 * Reads a BMP's headers (OS/2 core, Windows info and later versions) without touching its pixels.
 *
 * @throws {Fault} `picture_unreadable` where the headers are cut off, contradict the file's size, or use
 * run-length compression
 */
export function readBmpHeader(bytes: Uint8Array): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < FILE_HEADER + CORE_HEADER) throw refuse('truncated', 'cut off inside the header');
  const offset = view.getUint32(10, true);
  const headerSize = view.getUint32(14, true);
  const core = headerSize === CORE_HEADER;
  if (!core && (headerSize < INFO_HEADER || headerSize > 124)) {
    throw refuse('unsupported', `header size ${headerSize} is not known`);
  }
  if (bytes.length < FILE_HEADER + headerSize) throw refuse('truncated', 'cut off inside the header');
  const width = core ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = core ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(core ? 24 : 28, true);
  const compression = core ? BI_RGB : view.getUint32(30, true);
  const colours = core ? 0 : view.getUint32(46, true);
  const height = Math.abs(signedHeight);
  if (width <= 0 || height === 0) throw refuse('empty', `size ${width} x ${signedHeight} has no pixels`);
  if (bits !== 1 && bits !== 4 && bits !== 8 && bits !== 16 && bits !== 24 && bits !== 32) {
    throw refuse('unsupported', `${bits} bits a pixel are not supported`);
  }
  const masked = compression === BI_BITFIELDS || compression === BI_ALPHABITFIELDS;
  if (compression !== BI_RGB && !(masked && (bits === 16 || bits === 32))) {
    throw refuse('unsupported', `compression ${compression} is not supported; save the picture uncompressed`);
  }
  const masks = readMasks(view, compression, bits);
  const rowBytes = Math.floor((bits * width + 31) / 32) * 4;
  return {
    width,
    height,
    topDown: signedHeight < 0,
    bitsPerPixel: bits,
    offset,
    rowBytes,
    palette:
      bits <= 8
        ? readPalette(bytes, FILE_HEADER + headerSize, core ? 3 : 4, bits, colours)
        : new Uint8Array(0),
    masks,
  };
}

function readPalette(
  bytes: Uint8Array,
  at: number,
  entry: number,
  bits: number,
  colours: number,
): Uint8Array {
  const count = colours === 0 ? 1 << bits : colours;
  if (count > 1 << bits) throw refuse('corrupt', `${count} palette colours do not fit ${bits} bits`);
  if (at + count * entry > bytes.length) throw refuse('truncated', 'cut off inside the palette');
  const palette = new Uint8Array(count * 3);
  for (let i = 0; i < count; i++) {
    palette[i * 3] = bytes[at + i * entry + 2];
    palette[i * 3 + 1] = bytes[at + i * entry + 1];
    palette[i * 3 + 2] = bytes[at + i * entry];
  }
  return palette;
}

/** Where a mask's bits begin, and the factor that stretches them to 0-255. */
function maskScale(mask: number): { readonly shift: number; readonly factor: number } {
  const shift = 31 - Math.clz32(mask & -mask);
  return { shift, factor: 255 / (mask >>> shift) };
}

type RowReader = (row: number, out: Uint8Array, o: number) => void;

function paletteReader(bytes: Uint8Array, header: BmpHeader): RowReader {
  const { width, bitsPerPixel: bits, palette } = header;
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  return (row, out, o) => {
    let to = o;
    for (let x = 0; x < width; x++) {
      const byte = bytes[row + Math.floor(x / perByte)];
      const index = (byte >> (8 - bits * ((x % perByte) + 1))) & mask;
      if (index * 3 >= palette.length) throw refuse('corrupt', `palette has no colour ${index}`);
      // One by one: copying three bytes as a piece takes ten times as long.
      out[to++] = palette[index * 3];
      out[to++] = palette[index * 3 + 1];
      out[to++] = palette[index * 3 + 2];
    }
  };
}

function colourReader(bytes: Uint8Array, header: BmpHeader): RowReader {
  const { width, bitsPerPixel: bits, masks } = header;
  if (bits === 24) {
    return (row, out, o) => {
      for (let x = 0; x < width * 3; x += 3) {
        out[o + x] = bytes[row + x + 2];
        out[o + x + 1] = bytes[row + x + 1];
        out[o + x + 2] = bytes[row + x];
      }
    };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const scales = masks.map(maskScale);
  return (row, out, o) => {
    for (let x = 0; x < width; x++) {
      const value = bits === 16 ? view.getUint16(row + x * 2, true) : view.getUint32(row + x * 4, true);
      for (let c = 0; c < 3; c++) {
        out[o + x * 3 + c] = Math.round(((value & masks[c]) >>> scales[c].shift) * scales[c].factor);
      }
    }
  };
}

/**
 * Decodes an uncompressed BMP (1, 4, 8, 16, 24, 32 bits, bottom-up or top-down) to RGB; alpha is dropped.
 *
 * @throws {Fault} `picture_unreadable` where the file is cut off or contradicts itself.
 */
export function decodeBmp(bytes: Uint8Array, header: BmpHeader = readBmpHeader(bytes)): RgbPicture {
  const { width, height, offset, rowBytes } = header;
  if (offset < FILE_HEADER + CORE_HEADER) throw refuse('corrupt', `pixels cannot begin at byte ${offset}`);
  if (offset + rowBytes * height > bytes.length) {
    throw refuse('truncated', `${offset + rowBytes * height} bytes expected, ${bytes.length} found`);
  }
  const read = header.bitsPerPixel <= 8 ? paletteReader(bytes, header) : colourReader(bytes, header);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = header.topDown ? y : height - 1 - y;
    read(offset + row * rowBytes, data, y * width * 3);
  }
  return { width, height, data };
}
