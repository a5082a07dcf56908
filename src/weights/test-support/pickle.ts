import type { StateTensor } from '../pytorch/state.ts';

/*
 * Writes PyTorch state dictionaries in the form of versions before 1.6, so that tests need no file of anybody
 * else's, and pieces of pickles, so that tests can make files that no PyTorch would write.
 */

const u16 = (value: number) => Buffer.from([value & 255, value >> 8]);
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value % 2 ** 32);
  return bytes;
};
const i64 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
};

/** Pieces of a pickle of protocol 2. */
export const op = {
  proto: Buffer.from([0x80, 2]),
  stop: Buffer.from('.'),
  mark: Buffer.from('('),
  none: Buffer.from('N'),
  no: Buffer.from([0x89]),
  yes: Buffer.from([0x88]),
  emptyTuple: Buffer.from(')'),
  tuple: Buffer.from('t'),
  reduce: Buffer.from('R'),
  persid: Buffer.from('Q'),
  emptyDict: Buffer.from('}'),
  setItems: Buffer.from('u'),
  emptyList: Buffer.from(']'),
  appends: Buffer.from('e'),
  build: Buffer.from('b'),
  int(value: number): Buffer {
    if (value < 256) return Buffer.from([0x4b, value]);
    return value < 65_536
      ? Buffer.concat([Buffer.from('M'), u16(value)])
      : Buffer.concat([Buffer.from('J'), u32(value)]);
  },
  text: (value: string) =>
    Buffer.concat([Buffer.from('X'), u32(Buffer.byteLength(value)), Buffer.from(value)]),
  name: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`, 'latin1'),
  put: (place: number) => Buffer.from([0x71, place]),
  get: (place: number) => Buffer.from([0x68, place]),
};

const tupleOf = (...items: Buffer[]) => Buffer.concat([op.mark, ...items, op.tuple]);

/** A pickle of its pieces. */
export const pickle = (...parts: Buffer[]) => Buffer.concat([op.proto, ...parts, op.stop]);

/** The three pickles that stand before the dictionary. */
export const header = Buffer.concat([
  pickle(Buffer.from([0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19])),
  pickle(op.int(1001)),
  pickle(
    op.emptyDict,
    op.mark,
    op.text('protocol_version'),
    op.int(1001),
    op.text('little_endian'),
    op.yes,
    op.setItems,
  ),
]);

/** A tensor as PyTorch pickles it: a call on a storage. */
export function tensorPieces(
  key: string,
  tensor: Pick<StateTensor, 'type' | 'dims'>,
  count: number,
  offset = 0,
): Buffer {
  const type = tensor.type === 'float32' ? 'FloatStorage' : 'LongStorage';
  const strides = tensor.dims.map((_, i) => tensor.dims.slice(i + 1).reduce((a, b) => a * b, 1));
  return Buffer.concat([
    op.name('torch._utils', '_rebuild_tensor_v2'),
    op.mark,
    tupleOf(op.text('storage'), op.name('torch', type), op.text(key), op.text('cpu'), op.int(count), op.none),
    op.persid,
    op.int(offset),
    tupleOf(...tensor.dims.map(op.int)),
    tupleOf(...strides.map(op.int)),
    op.no,
    op.name('collections', 'OrderedDict'),
    op.emptyTuple,
    op.reduce,
    op.tuple,
    op.reduce,
  ]);
}

/** A whole file. */
export function writeState(state: ReadonlyMap<string, StateTensor>, prefix = 'module.'): Buffer {
  const entries = [...state];
  const items = entries.flatMap(([name, tensor], i) => [
    op.text(prefix + name),
    tensorPieces(`storage ${i}`, tensor, tensor.values.length),
  ]);
  const dictionary = pickle(
    op.name('collections', 'OrderedDict'),
    op.emptyTuple,
    op.reduce,
    op.mark,
    ...items,
    op.setItems,
    op.emptyDict,
    op.mark,
    op.text('_metadata'),
    op.name('collections', 'OrderedDict'),
    op.emptyTuple,
    op.reduce,
    op.setItems,
    op.build,
  );
  const keys = pickle(op.emptyList, op.mark, ...entries.map((_, i) => op.text(`storage ${i}`)), op.appends);
  const storages = entries.flatMap(([, { values }]) => [
    i64(values.length),
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  ]);
  return Buffer.concat([header, dictionary, keys, ...storages]);
}
