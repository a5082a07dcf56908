import { PickleError, PickleReader } from './pickle.ts';
import type { PickleValue, Storage, TensorView } from './values.ts';

/** A tensor of a state dictionary, its numbers in row-major order. */
export type StateTensor =
  | { readonly type: 'float32'; readonly dims: readonly number[]; readonly values: Float32Array }
  | { readonly type: 'int64'; readonly dims: readonly number[]; readonly values: BigInt64Array };

/** What PyTorch before version 1.6 put first into every file it saved. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;
const BYTES = { float32: 4, int64: 8 } as const;

/** `DataParallel` put this before every name. */
const PREFIX = 'module.';

/**
 * Reads a PyTorch state dictionary in the form of versions before 1.6: four small pickles (magic number,
 * version, type sizes, the dictionary), the keys of the storages, and the storages one after the other.
 * Nothing is unpickled freely, see {@link PickleReader}; only tensors of float32 and int64 come out.
 *
 * @returns tensors by name, without the prefix `module.`
 * @throws {PickleError} for anything else
 */
export function readPytorchState(bytes: Uint8Array): ReadonlyMap<string, StateTensor> {
  let at = 0;
  const next = (): PickleValue => {
    const reader = new PickleReader(bytes, at);
    const value = reader.read();
    at = reader.end;
    return value;
  };
  if (next() !== MAGIC) throw new PickleError('the file is no PyTorch state of a version before 1.6', at);
  const version = next();
  if (version !== VERSION)
    throw new PickleError(`the version must be ${VERSION}, found ${show(version)}`, at);
  const sizes = next();
  const isLittle = typeof sizes === 'object' && sizes?.kind === 'dict' && sizes.entries.get('little_endian');
  if (isLittle !== true) throw new PickleError('the numbers must be little-endian', at);
  const views = tensorsOf(next(), at);
  const keys = keysOf(next(), at);
  const storages = readStorages(bytes, at, keys, views);
  return new Map(
    Array.from(views, ([name, view]) => [name, viewed(view, storages.get(view.storage.key)!)] as const),
  );
}

/** The value in a message. */
function show(value: PickleValue): string {
  return typeof value === 'object' && value !== null ? `a ${value.kind}` : String(value);
}

function tensorsOf(value: PickleValue, at: number): ReadonlyMap<string, TensorView> {
  if (typeof value !== 'object' || value?.kind !== 'dict')
    throw new PickleError('the state is no dictionary', at);
  const tensors = new Map<string, TensorView>();
  const storages = new Map<string, Storage>();
  for (const [key, one] of value.entries) {
    const name = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : key;
    if (typeof one !== 'object' || one?.kind !== 'tensor') {
      throw new PickleError(`the state's entry ${JSON.stringify(key)} is no tensor`, at);
    }
    if (tensors.has(name)) throw new PickleError(`two tensors ${JSON.stringify(name)}`, at);
    const before = storages.get(one.storage.key) ?? one.storage;
    if (before.count !== one.storage.count || before.type !== one.storage.type) {
      throw new PickleError(`two different storages ${JSON.stringify(one.storage.key)}`, at);
    }
    storages.set(one.storage.key, one.storage);
    tensors.set(name, one);
  }
  return tensors;
}

function keysOf(value: PickleValue, at: number): readonly string[] {
  const items = typeof value === 'object' && value?.kind === 'list' ? value.items : null;
  if (items === null || !items.every((one) => typeof one === 'string')) {
    throw new PickleError('the list of storages is no list of texts', at);
  }
  if (new Set(items).size !== items.length) throw new PickleError('a storage is listed twice', at);
  return items as readonly string[];
}

/** The bytes of each storage, by key: a count of eight bytes, then the numbers. */
function readStorages(
  bytes: Uint8Array,
  start: number,
  keys: readonly string[],
  views: ReadonlyMap<string, TensorView>,
): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
  const wanted = new Map(Array.from(views.values(), ({ storage }) => [storage.key, storage] as const));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<string, Uint8Array<ArrayBuffer>>();
  let at = start;
  for (const key of keys) {
    const storage = wanted.get(key);
    if (storage === undefined) throw new PickleError(`no tensor uses the storage ${JSON.stringify(key)}`, at);
    if (bytes.length - at < 8) throw new PickleError('a storage is cut off', at);
    const count = view.getBigInt64(at, true);
    const length = storage.count * BYTES[storage.type];
    if (count !== BigInt(storage.count)) {
      throw new PickleError(`a storage must hold ${storage.count} numbers, found ${count}`, at);
    }
    if (length > bytes.length - at - 8) throw new PickleError('a storage is cut off', at);
    // Copied once, so that the numbers are aligned; the tensors are views of it.
    found.set(key, new Uint8Array(bytes.subarray(at + 8, at + 8 + length)));
    at += 8 + length;
  }
  if (at !== bytes.length) throw new PickleError(`${bytes.length - at} bytes are left over`, at);
  for (const key of wanted.keys()) {
    if (!found.has(key)) throw new PickleError(`the storage ${JSON.stringify(key)} is not in the file`, at);
  }
  return found;
}

function viewed({ storage, offset, dims }: TensorView, bytes: Uint8Array<ArrayBuffer>): StateTensor {
  const count = dims.reduce((a, b) => a * b, 1);
  const at = offset * BYTES[storage.type];
  return storage.type === 'float32'
    ? { type: 'float32', dims, values: new Float32Array(bytes.buffer, at, count) }
    : { type: 'int64', dims, values: new BigInt64Array(bytes.buffer, at, count) };
}
