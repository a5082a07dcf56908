import { type Box, BoxError, BoxReader, boxesIn } from './boxes.ts';

/** A piece of an item's data: where it begins and ends in the file. */
export interface Extent {
  readonly from: number;
  readonly to: number;
}

/** What a HEIF file's `meta` box (ISO/IEC 23008-12, ISO/IEC 14496-12 §8.11) says of its items. */
export interface HeifItems {
  readonly primary: number;
  /** Item types by id, such as `hvc1`. */
  readonly types: ReadonlyMap<number, string>;
  /** Pieces of data by id; `null` for a way to store data that is not read here. */
  readonly extents: ReadonlyMap<number, readonly Extent[] | null>;
  /** Properties by id, as boxes. */
  readonly properties: ReadonlyMap<number, readonly Box[]>;
  /** References: `from` is made of, or belongs to, `to`. */
  readonly references: readonly {
    readonly type: string;
    readonly from: number;
    readonly to: readonly number[];
  }[];
}

/**
 * Items, properties, references and pieces of data that are read at most. A photo of 48 megapixels has some
 * 250 items.
 */
const MOST = 20_000;

function bounded(count: number, what: string): number {
  if (count > MOST) throw new BoxError('corrupt', `more than ${MOST} ${what}`);
  return count;
}

function within(count: number, max: number): void {
  if (count > max) throw new BoxError('truncated', 'the data of the picture is not all there');
}

function readTypes(bytes: Uint8Array, box: Box): Map<number, string> {
  const reader = new BoxReader(bytes, box.from, box.to);
  const { version } = reader.versionAndFlags();
  bounded(reader.number(version === 0 ? 2 : 4), 'items');
  const types = new Map<number, string>();
  for (const entry of boxesIn(bytes, reader.at, box.to)) {
    if (entry.type !== 'infe') continue;
    const inner = new BoxReader(bytes, entry.from, entry.to);
    const form = inner.versionAndFlags().version;
    if (form < 2) continue;
    const id = inner.number(form === 2 ? 2 : 4);
    inner.number(2);
    types.set(id, inner.word());
  }
  return types;
}

function readExtents(bytes: Uint8Array, box: Box, idat: Box | undefined): HeifItems['extents'] {
  const reader = new BoxReader(bytes, box.from, box.to);
  const { version } = reader.versionAndFlags();
  if (version > 2) throw new BoxError('corrupt', `iloc of version ${version}`);
  const sizes = reader.number(2);
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexSize = version === 0 ? 0 : sizes & 15;
  const idSize = version === 2 ? 4 : 2;
  const count = bounded(reader.number(idSize), 'items');
  const all = new Map<number, readonly Extent[] | null>();
  let total = 0;
  for (let item = 0; item < count; item++) {
    const id = reader.number(idSize);
    const method = version === 0 ? 0 : reader.number(2) & 15;
    const isElsewhere = reader.number(2) !== 0;
    const base = reader.number(baseSize);
    const pieces: Extent[] = [];
    const many = reader.number(2);
    total = bounded(total + many, 'pieces of data');
    for (let piece = 0; piece < many; piece++) {
      reader.number(indexSize);
      const from = base + reader.number(offsetSize);
      const length = reader.number(lengthSize);
      const start = method === 1 ? (idat?.from ?? 0) + from : from;
      const end = method === 1 ? (idat?.to ?? 0) : bytes.length;
      // A length of 0 means up to the end.
      pieces.push({ from: start, to: length === 0 ? end : start + length });
    }
    all.set(id, isElsewhere || method > 1 ? null : pieces);
  }
  return all;
}

function readProperties(bytes: Uint8Array, box: Box): HeifItems['properties'] {
  let known: Box[] = [];
  const byItem = new Map<number, Box[]>();
  const children = [...boxesIn(bytes, box.from, box.to)];
  for (const child of children) {
    if (child.type === 'ipco') known = [...boxesIn(bytes, child.from, child.to)];
  }
  let total = 0;
  for (const child of children) {
    if (child.type !== 'ipma') continue;
    const reader = new BoxReader(bytes, child.from, child.to);
    const { version, flags } = reader.versionAndFlags();
    const count = bounded(reader.number(4), 'items');
    for (let item = 0; item < count; item++) {
      const id = reader.number(version === 0 ? 2 : 4);
      const many = reader.number(1);
      total = bounded(total + many, 'properties');
      const own = byItem.get(id) ?? [];
      for (let each = 0; each < many; each++) {
        const index = (flags & 1) === 1 ? reader.number(2) & 0x7fff : reader.number(1) & 0x7f;
        const property = known[index - 1];
        if (index > 0 && property === undefined) {
          throw new BoxError('corrupt', 'an item has a property that the file does not hold');
        }
        if (property !== undefined) own.push(property);
      }
      byItem.set(id, own);
    }
  }
  return byItem;
}

function readReferences(bytes: Uint8Array, box: Box): HeifItems['references'] {
  const reader = new BoxReader(bytes, box.from, box.to);
  const idSize = reader.versionAndFlags().version === 0 ? 2 : 4;
  const all: { type: string; from: number; to: number[] }[] = [];
  let total = 0;
  for (const { type, from, to } of boxesIn(bytes, reader.at, box.to)) {
    const inner = new BoxReader(bytes, from, to);
    const item = inner.number(idSize);
    const count = inner.number(2);
    total = bounded(total + count, 'references');
    all.push({ type, from: item, to: Array.from({ length: count }, () => inner.number(idSize)) });
  }
  return all;
}

/**
 * Reads the `meta` box. Work and memory are bounded by its length and by fixed counts.
 * @throws {BoxError} when the bytes are no such structure
 */
export function readHeifItems(bytes: Uint8Array, meta: Box): HeifItems {
  const boxes = new Map<string, Box>();
  for (const box of boxesIn(bytes, meta.from + 4, meta.to)) {
    if (boxes.has(box.type)) throw new BoxError('corrupt', `two boxes ${JSON.stringify(box.type)}`);
    boxes.set(box.type, box);
  }
  const need = (type: string): Box => {
    const box = boxes.get(type);
    if (box === undefined) throw new BoxError('corrupt', `no box ${type}`);
    return box;
  };
  const pitm = need('pitm');
  const reader = new BoxReader(bytes, pitm.from, pitm.to);
  const primary = reader.number(reader.versionAndFlags().version === 0 ? 2 : 4);
  const iref = boxes.get('iref');
  return {
    primary,
    types: readTypes(bytes, need('iinf')),
    extents: readExtents(bytes, need('iloc'), boxes.get('idat')),
    properties: readProperties(bytes, need('iprp')),
    references: iref === undefined ? [] : readReferences(bytes, iref),
  };
}

/**
 * The data of an item, as pieces of the file.
 * @throws {BoxError} `truncated` where the file ends before it
 */
export function dataOf(bytes: Uint8Array, items: HeifItems, id: number): Uint8Array {
  const pieces = piecesOf(bytes, items, id);
  const parts = pieces.map(({ from, to }) => bytes.subarray(from, to));
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}

/**
 * Where the data of an item lies.
 * @throws {BoxError} `truncated` where the file ends before it
 */
export function piecesOf(bytes: Uint8Array, items: HeifItems, id: number): readonly Extent[] {
  const pieces = items.extents.get(id);
  if (pieces === undefined || pieces === null || pieces.length === 0) {
    throw new BoxError('corrupt', 'the data of the picture lies outside the file');
  }
  let length = 0;
  for (const { from, to } of pieces) {
    within(to, bytes.length);
    within(from, to);
    length += to - from;
  }
  // Pieces may overlap, and would then unpack into more than the file.
  if (length > bytes.length) throw new BoxError('corrupt', 'pieces of data overlap');
  return pieces;
}
