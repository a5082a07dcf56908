/** What stands for a tuple, a list, a dictionary of a pickle. */
export interface Tuple {
  readonly kind: 'tuple';
  readonly items: readonly PickleValue[];
}
export interface List {
  readonly kind: 'list';
  readonly items: PickleValue[];
}
export interface OrderedDict {
  readonly kind: 'dict';
  /** Whether it was made as a `collections.OrderedDict`. */
  readonly ordered: boolean;
  readonly entries: Map<string, PickleValue>;
}

/** One of the four names that may be named. */
export interface Name {
  readonly kind: 'name';
  readonly name: string;
}

/** Numbers of one type that lie behind the pickles, `count` of them. */
export interface Storage {
  readonly kind: 'storage';
  readonly type: 'float32' | 'int64';
  readonly key: string;
  readonly count: number;
}

/** A tensor: a view of a storage. */
export interface TensorView {
  readonly kind: 'tensor';
  readonly storage: Storage;
  readonly offset: number;
  readonly dims: readonly number[];
}

/** Everything a pickle of this form can hold. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Tuple
  | List
  | OrderedDict
  | Name
  | Storage
  | TensorView;

/** What a name made of its parts, or why it makes nothing of them. */
export type Called =
  | { readonly value: PickleValue; readonly refusal?: undefined }
  | { readonly refusal: string };

const TYPES: ReadonlyMap<string, Storage['type']> = new Map([
  ['torch.FloatStorage', 'float32'],
  ['torch.LongStorage', 'int64'],
]);

/** A whole number from 0 to 2^31 - 1: a count, an offset, a side. */
const isCount = (value: PickleValue | undefined): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;

/** The whole numbers of a tuple, or null. */
function counts(value: PickleValue | undefined): readonly number[] | null {
  if (typeof value !== 'object' || value?.kind !== 'tuple' || value.items.length > 8) return null;
  return value.items.every(isCount) ? (value.items as readonly number[]) : null;
}

/** What stands for calling `name`: an empty OrderedDict, or a tensor whose numbers lie in order. */
export function callGlobal(name: string, parts: readonly PickleValue[]): Called {
  if (name === 'collections.OrderedDict') {
    if (parts.length !== 0) return { refusal: 'an OrderedDict with something in it' };
    return { value: { kind: 'dict', ordered: true, entries: new Map() } };
  }
  if (name === 'torch._utils._rebuild_tensor_v2') return tensor(parts);
  return { refusal: `a call of ${name} is not known here` };
}

function tensor(parts: readonly PickleValue[]): Called {
  const [storage, offset, size, strides, gradient, hooks] = parts;
  const dims = counts(size);
  const steps = counts(strides);
  if (parts.length !== 6 || typeof storage !== 'object' || storage?.kind !== 'storage') {
    return { refusal: 'a tensor without a storage' };
  }
  if (!isCount(offset) || dims === null || steps === null || steps.length !== dims.length) {
    return { refusal: 'a tensor whose offset, size or strides are no whole numbers' };
  }
  if (gradient !== false) return { refusal: 'a tensor that asks for a gradient' };
  if (typeof hooks !== 'object' || hooks?.kind !== 'dict' || hooks.entries.size > 0) {
    return { refusal: 'a tensor with hooks' };
  }
  let inOrder = 1;
  for (let i = dims.length - 1; i >= 0; i--) {
    if (steps[i] !== inOrder && dims[i] !== 1)
      return { refusal: 'a tensor whose numbers do not lie in order' };
    inOrder *= dims[i];
  }
  // Products of sides beyond 2^53 are far beyond any count that a storage can have.
  if (!(offset + inOrder <= storage.count)) return { refusal: 'a tensor that reaches beyond its storage' };
  return { value: { kind: 'tensor', storage, offset, dims } };
}

/** The storage that a persistent id names: `("storage", class, key, device, count, None)`. */
export function makeStorage(id: PickleValue): Called {
  const items = typeof id === 'object' && id?.kind === 'tuple' ? id.items : [];
  const [what, type, key, device, count, view] = items;
  const named = typeof type === 'object' && type?.kind === 'name' ? TYPES.get(type.name) : undefined;
  if (items.length !== 6 || what !== 'storage') return { refusal: 'a persistent id that is no storage' };
  if (named === undefined) return { refusal: 'a storage of a type that is not known here' };
  if (typeof key !== 'string' || typeof device !== 'string' || !isCount(count) || view !== null) {
    return { refusal: 'a storage whose key, device, count or view is not as expected' };
  }
  return { value: { kind: 'storage', type: named, key, count } };
}
