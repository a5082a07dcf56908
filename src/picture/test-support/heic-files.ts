import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { boxesIn } from '../decode/heif/boxes.ts';

/** A HEIC file of this folder: see README.md there. */
export function heicFile(name: string): Buffer {
  return readFileSync(fileURLToPath(new URL(`heic/${name}`, import.meta.url)));
}

const u16 = (...values: number[]) => Buffer.concat(values.map((v) => Buffer.from([v >> 8, v & 255])));
const u32 = (value: number) => {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(value);
  return four;
};

/** A box of the file format; a number before its content makes it a full box of that version. */
export function box(type: string, ...content: (Buffer | number)[]): Buffer {
  const parts = content.map((part) => (typeof part === 'number' ? u32(part * 0x1_00_00_00) : part));
  const inner = Buffer.concat(parts);
  return Buffer.concat([u32(8 + inner.length), Buffer.from(type, 'latin1'), inner]);
}

/** What is taken out of a coded file. */
export interface Coded {
  readonly type: 'hvc1' | 'av01';
  readonly configuration: Buffer;
  readonly data: Buffer;
}

function find(bytes: Buffer, path: readonly string[], from = 0, to = bytes.length): Buffer {
  const [type, ...rest] = path;
  for (const each of boxesIn(bytes, from, to)) {
    if (each.type !== type) continue;
    const inner = each.type === 'meta' ? each.from + 4 : each.from;
    return rest.length === 0 ? bytes.subarray(each.from, each.to) : find(bytes, rest, inner, each.to);
  }
  throw new Error(`no box ${type}`);
}

/** The coded picture of a file with one picture. */
export function codedOf(bytes: Buffer): Coded {
  const isAv1 = bytes.includes('av1C');
  return {
    type: isAv1 ? 'av01' : 'hvc1',
    configuration: find(bytes, ['meta', 'iprp', 'ipco', isAv1 ? 'av1C' : 'hvcC']),
    data: find(bytes, ['mdat']),
  };
}

/** How a file is put together around a coded picture of 96 x 64. */
export interface HeicParts {
  readonly brand?: string;
  /** Columns and rows of a grid of that one picture; no grid where nothing is given. */
  readonly grid?: {
    readonly columns: number;
    readonly rows: number;
    readonly size: readonly [number, number];
  };
  /** Tiles that are referenced; as many as the grid has where nothing is given. */
  readonly tiles?: number;
  /** Boxes that become properties of the primary picture. */
  readonly properties?: readonly Buffer[];
  /** Size that the primary picture, or its tiles, are said to have. */
  readonly size?: readonly [number, number];
  readonly data?: Buffer;
  readonly dataType?: string;
  /** Boxes between `ftyp` and `meta`. */
  readonly before?: Buffer;
  /** Boxes that go into `meta` as well. */
  readonly meta?: readonly Buffer[];
}

const ispe = (size: readonly [number, number]) => box('ispe', 0, u32(size[0]), u32(size[1]));
const infe = (id: number, type: string) => box('infe', 2, u16(id, 0), Buffer.from(`${type}\0`, 'latin1'));

/**
 * A HEIC or AVIF file made of a coded picture and boxes of one's own: item 1 is the coded picture; a grid has
 * one item for each tile, all of the same data, and comes last.
 */
export function heicOf(coded: Coded, parts: HeicParts = {}): Buffer {
  const { grid, properties = [], size = [96, 64] } = parts;
  const data = parts.data ?? coded.data;
  const brand = parts.brand ?? (coded.type === 'av01' ? 'avif' : 'heic');
  const ftyp = box('ftyp', Buffer.from(brand), u32(0), Buffer.from(`mif1${brand}`));
  const tiles = parts.tiles ?? (grid === undefined ? 1 : grid.columns * grid.rows);
  const primary = grid === undefined ? 1 : tiles + 1;
  const tileIds = Array.from({ length: tiles }, (_, at) => at + 1);
  const configuration = box(coded.type === 'av01' ? 'av1C' : 'hvcC', coded.configuration);
  const shared = [ispe(size), configuration, ...(grid === undefined ? [] : [ispe(grid.size)])];
  const ipco = box('ipco', ...shared, ...properties);
  const own = properties.map((_, at) => shared.length + 1 + at);
  const associations: [number, number[]][] =
    grid === undefined
      ? [[1, [1, 2, ...own]]]
      : [...tileIds.map((id): [number, number[]] => [id, [1, 2]]), [primary, [3, ...own]]];
  const ipma = box(
    'ipma',
    0,
    u32(associations.length),
    ...associations.map(([id, list]) => Buffer.concat([u16(id), Buffer.from([list.length, ...list])])),
  );
  const gridData =
    grid === undefined
      ? Buffer.alloc(0)
      : Buffer.concat([Buffer.from([0, 0, grid.rows - 1, grid.columns - 1]), u16(...grid.size)]);
  const iref = grid === undefined ? [] : [box('iref', 0, box('dimg', u16(primary, tiles, ...tileIds)))];
  const metaOf = (from: number) =>
    box(
      'meta',
      0,
      box('hdlr', 0, u32(0), Buffer.from('pict'), Buffer.alloc(13)),
      box('pitm', 0, u16(primary)),
      box(
        'iloc',
        1,
        u16(0x4400, primary),
        ...tileIds.flatMap((id) => [u16(id, 0, 0, 1), u32(from), u32(data.length)]),
        ...(grid === undefined ? [] : [u16(primary, 1, 0, 1), u32(0), u32(gridData.length)]),
      ),
      box(
        'iinf',
        0,
        u16(primary),
        ...tileIds.map((id) => infe(id, parts.dataType ?? coded.type)),
        ...(grid === undefined ? [] : [infe(primary, 'grid')]),
      ),
      ...iref,
      box('iprp', ipco, ipma),
      ...(grid === undefined ? [] : [box('idat', gridData)]),
      ...(parts.meta ?? []),
    );
  const before = Buffer.concat([ftyp, parts.before ?? Buffer.alloc(0)]);
  const start = before.length + metaOf(0).length + 8;
  return Buffer.concat([before, metaOf(start), box('mdat', data)]);
}

/** `irot`: quarter turns against the clock. */
export const irot = (turns: number) => box('irot', Buffer.from([turns]));
/** `imir`: 0 top and bottom change places, 1 left and right. */
export const imir = (axis: number) => box('imir', Buffer.from([axis]));
/** `colr` by numbers of ITU-T H.273, full range. */
export const nclx = (primaries: number, transfer: number, matrix = 6) =>
  box('colr', Buffer.from('nclx'), u16(primaries, transfer, matrix), Buffer.from([0x80]));
/** `colr` with an ICC profile. */
export const icc = (profile: Uint8Array) => box('colr', Buffer.from('prof'), Buffer.from(profile));
