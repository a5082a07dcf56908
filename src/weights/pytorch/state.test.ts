import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { header, op, pickle, tensorPieces, writeState } from '../test-support/pickle.ts';
import { PickleError } from './pickle.ts';
import { readPytorchState, type StateTensor } from './state.ts';

const float = (dims: readonly number[], values: readonly number[]): StateTensor => ({
  type: 'float32',
  dims,
  values: Float32Array.from(values),
});
const scalar: StateTensor = { type: 'int64', dims: [], values: BigInt64Array.of(4711n) };
const small = new Map<string, StateTensor>([
  ['conv.weight', float([2, 1, 1, 3], [1, 2, 3, -4, 5.5, 0])],
  ['bn.num_batches_tracked', scalar],
]);

function refusal(bytes: Uint8Array): string {
  try {
    readPytorchState(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(PickleError);
    return (error as PickleError).message;
  }
  throw new Error('was read');
}

/** A file whose dictionary is made of these pieces. */
const withDictionary = (...parts: Buffer[]) =>
  Buffer.concat([header, pickle(...parts), pickle(op.emptyList)]);
const made = [op.name('collections', 'OrderedDict'), op.emptyTuple, op.reduce];

describe('readPytorchState', () => {
  it('reads back the tensors of any state, with and without the prefix of DataParallel', () => {
    const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }).chain((dims) => {
      const count = dims.reduce((a, b) => a * b, 1);
      const numbers = fc.array(fc.float({ noNaN: true }), { minLength: count, maxLength: count });
      const whole = fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), {
        minLength: count,
        maxLength: count,
      });
      return fc.oneof(
        numbers.map((values): StateTensor => float(dims, values)),
        whole.map((values): StateTensor => ({ type: 'int64', dims, values: BigInt64Array.from(values) })),
      );
    });
    const names = fc.string({ minLength: 1, maxLength: 20 }).filter((name) => !name.startsWith('module.'));
    const states = fc.array(fc.tuple(names, tensor), { maxLength: 6 }).map((entries) => new Map(entries));
    fc.assert(
      fc.property(states, fc.constantFrom('', 'module.'), (state, prefix) => {
        expect(readPytorchState(writeState(state, prefix))).toEqual(state);
      }),
    );
  });

  it('refuses a file that is cut anywhere, and one with something behind it', () => {
    const whole = writeState(small);
    for (let length = 0; length < whole.length; length++) refusal(whole.subarray(0, length));
    expect(refusal(Buffer.concat([whole, Buffer.from([0])]))).toMatch(/^1 bytes are left over/);
  });

  it.each([
    ['os.system', 'posix', 'system'],
    ['a builtin', '__builtin__', 'eval'],
    ['another class of torch', 'torch', 'HalfStorage'],
    ['another function of torch', 'torch._utils', '_rebuild_parameter'],
    ['a known name of another module', 'builtins', 'OrderedDict'],
    ['a name with a point in it', 'torch', '_utils._rebuild_tensor_v2.__globals__'],
  ])('refuses %s by its name, and calls nothing', (_, module, name) => {
    const call = withDictionary(op.name(module, name), op.mark, op.text('touch /tmp/x'), op.tuple, op.reduce);
    expect(refusal(call)).toMatch(
      new RegExp(`^the name "${`${module}.${name}`.replaceAll('.', '\\.')}" is not allowed \\(byte \\d+\\)$`),
    );
  });

  it.each([
    ['INST (0x69)', Buffer.from('iposix\nsystem\n')],
    ['OBJ (0x6f)', Buffer.from('o')],
    ['NEWOBJ (0x81)', Buffer.from([0x81])],
    ['NEWOBJ_EX (0x92)', Buffer.from([0x92])],
    ['STACK_GLOBAL (0x93)', Buffer.from([0x93])],
    ['EXT1 (0x82)', Buffer.from([0x82, 1])],
    ['PERSID (0x50)', Buffer.from('Px\n')],
    ['FRAME (0x95)', Buffer.from([0x95])],
    ['TUPLE3 (0x87)', Buffer.from([0x87])],
    ['without a name (0xff)', Buffer.from([0xff])],
  ])('refuses the opcode %s by its name', (name, piece) => {
    const values = [op.text('posix'), op.text('system'), op.emptyTuple];
    expect(refusal(withDictionary(...values, piece))).toContain(`the opcode ${name} is not known here`);
  });

  it.each<[string, Buffer, RegExp]>([
    ['what is no PyTorch file', pickle(op.int(1)), /no PyTorch state of a version before 1\.6/],
    ['another protocol', Buffer.from([0x80, 4, 0x4b, 1, 0x2e]), /the protocol must be 2, found 4/],
    ['a state that is no dictionary', withDictionary(op.int(1)), /the state is no dictionary/],
    [
      'an entry that is no tensor',
      withDictionary(...made, op.mark, op.text('a'), op.int(1), op.setItems),
      /the state's entry "a" is no tensor/,
    ],
    [
      'an entry that comes twice',
      withDictionary(...made, op.mark, op.text('a'), op.none, op.text('a'), op.none, op.setItems),
      /two entries "a"/,
    ],
    ['a key that is no text', withDictionary(...made, op.mark, op.int(1), op.none, op.setItems), /no text/],
    [
      'a call of a class of numbers',
      withDictionary(op.name('torch', 'FloatStorage'), op.emptyTuple, op.reduce),
      /a call of torch\.FloatStorage/,
    ],
    [
      'a dictionary that is made with something in it',
      withDictionary(made[0], op.mark, op.none, op.tuple, op.reduce),
      /with something in it/,
    ],
    ['a call without a tuple', withDictionary(made[0], op.none, op.reduce), /REDUCE without a tuple/],
    [
      'a call of what is no name',
      withDictionary(op.none, op.emptyTuple, op.reduce),
      /REDUCE of what is no name/,
    ],
    [
      'state that is set on a dictionary',
      withDictionary(...made, op.emptyDict, op.mark, op.text('__class__'), op.none, op.setItems, op.build),
      /BUILD of anything but the _metadata/,
    ],
    [
      'state that is set on a name',
      withDictionary(made[0], op.emptyDict, op.build),
      /BUILD of anything but the _metadata/,
    ],
    ['what was never kept', withDictionary(op.get(7)), /nothing was kept at place 7/],
    ['an empty stack', withDictionary(op.setItems), /a mark is missing/],
    ['values left over', withDictionary(op.none, op.none), /values are left over/],
    [
      'a persistent id that is no storage',
      withDictionary(op.emptyTuple, op.persid),
      /a persistent id that is no storage/,
    ],
    [
      'a text beyond any name',
      withDictionary(op.text('x'.repeat(5000))),
      /a text of 5000 bytes is longer than 4096/,
    ],
    ['a text that is not UTF-8', withDictionary(Buffer.from([0x58, 1, 0, 0, 0, 0xff])), /not UTF-8/],
  ])('refuses %s', (_, bytes, message) => {
    expect(refusal(bytes)).toMatch(message);
  });

  it('refuses a tensor that reaches beyond its storage, however its sides are chosen', () => {
    const sides = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { maxLength: 8 });
    const tried = fc.property(sides, fc.nat({ max: 100 }), fc.nat({ max: 100 }), (dims, count, offset) => {
      fc.pre(offset + dims.reduce((a, b) => a * b, 1) > count);
      const tensor = tensorPieces('0', { type: 'float32', dims }, count, offset);
      const file = withDictionary(...made, op.mark, op.text('a'), tensor, op.setItems);
      expect(refusal(file)).toMatch(/beyond its storage|do not lie in order|no whole numbers/);
    });
    fc.assert(tried);
  });

  it('refuses storages that the dictionary does not speak of, or speaks of otherwise', () => {
    const tensor = tensorPieces('0', { type: 'float32', dims: [2] }, 2);
    const dictionary = pickle(...made, op.mark, op.text('a'), tensor, op.setItems);
    const file = (keys: Buffer, ...rest: Buffer[]) => Buffer.concat([header, dictionary, keys, ...rest]);
    const keys = pickle(op.emptyList, op.mark, op.text('0'), op.appends);
    const count = (n: number) => Buffer.from(BigInt64Array.of(BigInt(n)).buffer);
    expect(refusal(file(pickle(op.emptyList)))).toMatch(/the storage "0" is not in the file/);
    expect(refusal(file(pickle(op.emptyList, op.mark, op.text('1'), op.appends)))).toMatch(
      /no tensor uses the storage "1"/,
    );
    expect(refusal(file(pickle(op.emptyList, op.mark, op.text('0'), op.text('0'), op.appends)))).toMatch(
      /listed twice/,
    );
    expect(refusal(file(keys, count(3), Buffer.alloc(12)))).toMatch(/must hold 2 numbers, found 3/);
    expect(refusal(file(keys, count(2), Buffer.alloc(7)))).toMatch(/a storage is cut off/);
    expect(readPytorchState(file(keys, count(2), Buffer.alloc(8))).get('a')?.values).toEqual(
      new Float32Array(2),
    );
  });

  it('answers any bytes with tensors or a PickleError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
        expect(refusal(Buffer.concat([header, tail]))).toMatch(/\(byte \d+\)$/);
      }),
      { numRuns: 500 },
    );
  });
});
