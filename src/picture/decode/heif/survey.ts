import { hasMonotony, longestZeros, ZEROS } from '../zeros.ts';
import { type Box, BoxError, BoxReader, boxesIn } from './boxes.ts';
import { dataOf, type Extent, type HeifItems, piecesOf, readHeifItems } from './items.ts';

/** How the colours of a HEIF or AVIF picture are meant. */
export type HeifColour =
  | { readonly kind: 'srgb' }
  | { readonly kind: 'p3' }
  | { readonly kind: 'icc'; readonly profile: Uint8Array };

/** A coded picture or tile in HEVC: where its parameters (`hvcC`) and its data lie. */
export interface HevcItem {
  readonly configuration: Extent;
  readonly data: readonly Extent[];
}

/** What a file says of its primary picture before anything is decoded. */
export interface HeifSurvey {
  readonly codec: 'hevc' | 'av1';
  /** Pixels of the picture, not cropped or turned yet. */
  readonly width: number;
  readonly height: number;
  /** Pixels that decoding it makes at least: of all its tiles, whole. */
  readonly codedPixels: number;
  /** Widest and highest of the picture and its tiles. */
  readonly side: number;
  readonly colour: HeifColour;
  /** The picture or its tiles, each once; none where the codec is another. */
  readonly hevc: readonly HevcItem[];
  /** Coded as red, green and blue rather than as brightness and two differences. */
  readonly isRgb: boolean;
  /** HEVC of more than 8 bits. */
  readonly isDeep: boolean;
}

/** Why a picture is refused by its boxes. */
export class HeifRefused extends Error {
  readonly reason: 'truncated' | 'corrupt' | 'unsupported' | 'animated';

  constructor(reason: HeifRefused['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HeifRefused';
    this.reason = reason;
  }
}

/** Brands of moving pictures (ISO/IEC 23008-12 §10.3, AV1 Image File Format §6.3). */
const SEQUENCES: ReadonlySet<string> = new Set(['msf1', 'hevc', 'hevx', 'hevm', 'hevs', 'avis', 'avcs']);
const CODECS: ReadonlyMap<string, HeifSurvey['codec']> = new Map([
  ['hvc1', 'hevc'],
  ['av01', 'av1'],
]);
/**
 * Tiles of a grid, at most: a phone's largest photo has some 200, and libheif takes no file of more than 1000
 * parts. Each tile costs a decoder of its own, however small it is.
 */
const MOST_TILES = 800;
/** ITU-T H.273 §8.2: transfer characteristics of HDR, and linear light. */
const HDR: ReadonlySet<number> = new Set([16, 18]);
const LINEAR = 8;
/** ITU-T H.273 §8.1: primaries of sRGB, none named, those of television, which lie close, and Display P3. */
const NEAR_SRGB: ReadonlySet<number> = new Set([1, 2, 5, 6, 7, 22]);
const DISPLAY_P3 = 12;

const ofType = (properties: readonly Box[] | undefined, type: string): Box[] =>
  (properties ?? []).filter((box) => box.type === type);

function metaOf(bytes: Uint8Array): Box {
  let meta: Box | undefined;
  try {
    for (const box of boxesIn(bytes, 0, bytes.length)) {
      if (box.type === 'ftyp' && SEQUENCES.has(new BoxReader(bytes, box.from, box.to).word())) {
        throw new HeifRefused('animated', 'it is a sequence of pictures');
      }
      if (box.type === 'moov') throw new HeifRefused('animated', 'it holds a moving picture');
      if (box.type !== 'meta') continue;
      if (meta !== undefined) throw new BoxError('corrupt', 'two boxes "meta"');
      meta = box;
    }
  } catch (error) {
    // What a maker put behind the boxes does not matter; whether the picture's own data is there is looked at
    // below.
    if (meta === undefined || !(error instanceof BoxError && error.reason === 'truncated')) throw error;
  }
  if (meta === undefined) throw new BoxError('truncated', 'it has no box "meta"');
  return meta;
}

function sizeOf(bytes: Uint8Array, items: HeifItems, id: number): { width: number; height: number } {
  const [ispe] = ofType(items.properties.get(id), 'ispe');
  if (ispe === undefined) throw new BoxError('corrupt', 'a picture in it has no size');
  const reader = new BoxReader(bytes, ispe.from, ispe.to);
  reader.versionAndFlags();
  return { width: reader.number(4), height: reader.number(4) };
}

/** Colours by an item's `colr` boxes: a profile counts more than numbers (ISO/IEC 23008-12 §6.5.5). */
function colourOf(bytes: Uint8Array, boxes: readonly Box[]): HeifColour {
  let colour: HeifColour = { kind: 'srgb' };
  let profile: Uint8Array | undefined;
  for (const box of boxes) {
    const reader = new BoxReader(bytes, box.from, box.to);
    const kind = reader.word();
    if (kind === 'prof' || kind === 'rICC') profile = bytes.subarray(reader.at, box.to);
    if (kind !== 'nclx') continue;
    const [primaries, transfer] = [reader.number(2), reader.number(2)];
    if (HDR.has(transfer)) throw new HeifRefused('unsupported', 'its colours are HDR (PQ or HLG)');
    if (transfer === LINEAR) throw new HeifRefused('unsupported', 'its colours are in linear light');
    if (primaries === DISPLAY_P3) colour = { kind: 'p3' };
    else if (!NEAR_SRGB.has(primaries)) {
      throw new HeifRefused('unsupported', `its colours have the primaries ${primaries} of ITU-T H.273`);
    }
  }
  return profile === undefined ? colour : { kind: 'icc', profile };
}

/** Matrix coefficients of 0 (ITU-T H.273 §8.3). */
function isRgb(bytes: Uint8Array, boxes: readonly Box[]): boolean {
  return boxes.some((box) => {
    const reader = new BoxReader(bytes, box.from, box.to);
    if (reader.word() !== 'nclx') return false;
    reader.number(4);
    return reader.number(2) === 0;
  });
}

/** The tiles of a grid (ISO/IEC 23008-12 §6.6.2.3), each as often as it is used. */
function tilesOf(bytes: Uint8Array, items: HeifItems): readonly number[] {
  const data = dataOf(bytes, items, items.primary);
  const reader = new BoxReader(data, 0, data.length);
  const [, flags] = [reader.number(1), reader.number(1)];
  const [rows, columns] = [reader.number(1) + 1, reader.number(1) + 1];
  if (rows * columns > MOST_TILES) {
    throw new HeifRefused('unsupported', `it is cut into ${rows * columns} tiles, more than ${MOST_TILES}`);
  }
  const side = (flags & 1) === 1 ? 4 : 2;
  const [width, height] = [reader.number(side), reader.number(side)];
  const tiles = items.references
    .filter(({ type, from }) => type === 'dimg' && from === items.primary)
    .flatMap(({ to }) => to);
  if (tiles.length !== rows * columns) {
    throw new BoxError('corrupt', `a grid of ${rows} x ${columns} with ${tiles.length} tiles`);
  }
  const whole = sizeOf(bytes, items, items.primary);
  if (whole.width !== width || whole.height !== height) {
    throw new BoxError('corrupt', 'the grid has another size than the picture');
  }
  const first = sizeOf(bytes, items, tiles[0] as number);
  if (first.width * columns < width || first.height * rows < height) {
    throw new BoxError('corrupt', 'the tiles do not cover the picture');
  }
  if (
    tiles.some((id) => {
      const { width: w, height: h } = sizeOf(bytes, items, id);
      return w !== first.width || h !== first.height;
    })
  ) {
    throw new BoxError('corrupt', 'the tiles are not of one size');
  }
  return tiles;
}

/**
 * HEVC data is units with their lengths (ISO/IEC 14496-15 §8.3.3), in which two zeros are never followed by
 * 0, 1 or 2 (ITU-T H.265 §7.4.1.1). A part that was never filled, or units that do not end where the data
 * does, are damage of which the decoder says nothing.
 */
function checkHevc(data: Uint8Array, lengthSize: number): void {
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const reader = new BoxReader(data, 0, data.length);
  if (data.length === 0) throw new BoxError('truncated', 'the picture has no data');
  while (reader.left > 0) {
    if (reader.left < lengthSize) throw new BoxError('corrupt', 'a unit has no length');
    const length =
      lengthSize === 3 ? reader.number(1) * 65_536 + reader.number(2) : reader.number(lengthSize);
    if (length > reader.left) throw new BoxError('truncated', 'a unit is cut off');
    if (length < 2) throw new BoxError(length === 0 ? 'truncated' : 'corrupt', 'a unit is empty');
    const unit = buffer.subarray(reader.at, reader.at + length);
    if (unit[length - 1] === 0 || unit.indexOf('\0\0\0', 0, 'latin1') >= 0) {
      throw new BoxError('truncated', 'a part of it holds only zeros');
    }
    if (unit.indexOf('\0\0\x01', 0, 'latin1') >= 0 || unit.indexOf('\0\0\x02', 0, 'latin1') >= 0) {
      throw new BoxError('corrupt', 'a unit holds what none may hold');
    }
    reader.at += length;
  }
}

function checkData(
  bytes: Uint8Array,
  items: HeifItems,
  coded: ReadonlySet<number>,
  codec: HeifSurvey['codec'],
): HevcItem[] {
  const hevc: HevcItem[] = [];
  for (const id of coded) {
    const data = dataOf(bytes, items, id);
    if (hasMonotony(data)) throw new BoxError('truncated', 'a part of it holds one value only');
    if (codec === 'hevc') {
      const [hvcC] = ofType(items.properties.get(id), 'hvcC');
      // ISO/IEC 14496-15 §8.3.2.1: 23 bytes before the parameter sets, the length's size in the 22nd.
      if (hvcC === undefined || hvcC.to - hvcC.from < 23) {
        throw new BoxError('corrupt', 'the parameters of its coding are missing');
      }
      checkHevc(data, ((bytes[hvcC.from + 21] as number) & 3) + 1);
      hevc.push({
        configuration: { from: hvcC.from, to: hvcC.to },
        data: piecesOf(bytes, items, id),
      });
    } else if (data.length === 0 || longestZeros(data) >= ZEROS) {
      throw new BoxError('truncated', 'a part of it holds only zeros');
    }
  }
  return hevc;
}

function survey(bytes: Uint8Array): HeifSurvey {
  const items = readHeifItems(bytes, metaOf(bytes));
  const type = items.types.get(items.primary);
  if (type === undefined) throw new BoxError('corrupt', 'it has no primary picture');
  const { width, height } = sizeOf(bytes, items, items.primary);
  const coded = type === 'grid' ? tilesOf(bytes, items) : [items.primary];
  const kinds = new Set(coded.map((id) => items.types.get(id)));
  const [kind = type] = kinds;
  const codec = CODECS.get(kind);
  if (codec === undefined) throw new HeifRefused('unsupported', `it is coded as ${JSON.stringify(kind)}`);
  if (kinds.size > 1) throw new BoxError('corrupt', 'its tiles are coded in several ways');
  // Its transparency is decoded with it, wherever it is dropped afterwards.
  const beside = items.references.filter(({ type, to }) => type === 'auxl' && to.includes(items.primary));
  const sizes = [...coded, ...beside.map(({ from }) => from)].map((id) => sizeOf(bytes, items, id));
  const hevc = checkData(bytes, items, new Set(coded), codec);
  const own = ofType(items.properties.get(items.primary), 'colr');
  const colours = own.length > 0 ? own : ofType(items.properties.get(coded[0] as number), 'colr');
  return {
    codec,
    width,
    height,
    codedPixels: sizes.reduce((sum, size) => sum + size.width * size.height, 0),
    side: Math.max(width, height, ...new Set(sizes.flatMap((size) => [size.width, size.height]))),
    colour: colourOf(bytes, colours),
    hevc,
    isDeep: hevc.some(({ configuration }) => ((bytes[configuration.from + 17] as number) & 7) > 0),
    isRgb: isRgb(bytes, colours),
  };
}

/**
 * Reads the boxes of a HEIF or AVIF file (ISO/IEC 23008-12), and whether the data they name is there. Decodes
 * nothing; takes time and memory in proportion to the file.
 * @throws {HeifRefused} when the file is refused
 */
export function surveyHeif(bytes: Uint8Array): HeifSurvey {
  try {
    return survey(bytes);
  } catch (error) {
    if (error instanceof BoxError) throw new HeifRefused(error.reason, error.message, { cause: error });
    throw error;
  }
}
