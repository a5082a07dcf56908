import { expect, it } from 'vitest';
import { ConversionError, convertMiniFasNet } from '../../src/weights/pytorch/minifasnet.ts';
import { PickleError } from '../../src/weights/pytorch/pickle.ts';
import { readPytorchState } from '../../src/weights/pytorch/state.ts';
import { smallState } from '../../src/weights/test-support/minifasnet.ts';
import { writeState } from '../../src/weights/test-support/pickle.ts';
import { fuzz, mutate, type Random } from './support/fuzz.ts';

/* Files of PyTorch weights, damaged at random, by seed: each is converted or refused, in bounded time and memory, and nothing is called. */

const kept: readonly number[] = [];
const state = smallState(1, true);
const whole = writeState(state);
const numbers = [...state.values()].reduce((sum, { values }) => sum + 8 + values.byteLength, 0);
/** The pickles alone, where damage hits something other than numbers. */
const pickles = whole.subarray(0, whole.length - numbers);
const words = [
  'cposix\nsystem\n',
  'cbuiltins\neval\n',
  'ctorch\nFloatStorage\n',
  'ccollections\nOrderedDict\n',
  'ctorch._utils\n_rebuild_tensor_v2\n',
  'X\xff\xff\xff\xff',
  'r\xff\xff\xff\xff',
  'j\x00\x00\x00\x00',
  'J\xff\xff\xff\xff',
  'M\xff\xff',
  '(',
  't',
  'R',
  'Q',
  'b',
  'u',
  's',
  '.',
  '\x80\x02',
  '\x8a\xff',
  '\x81',
  '\x93',
];

function damaged(random: Random): Buffer {
  const copy = mutate(whole, random, words);
  if (random.below(3) === 0) return copy;
  return Buffer.concat([mutate(Buffer.from(pickles), random, words), whole.subarray(pickles.length)]);
}

it('files of weights damaged at random are read or refused', async () => {
  const before = Object.keys(globalThis).length;
  const { outcomes } = await fuzz('files of weights', 3000, kept, (random) => {
    try {
      const model = convertMiniFasNet(readPytorchState(damaged(random)));
      expect(model.length).toBeLessThan(2 * whole.length);
      return 'converted';
    } catch (error) {
      if (error instanceof PickleError) return 'refused by the reader';
      if (error instanceof ConversionError) return 'refused by the converter';
      throw error;
    }
  });
  expect(Object.keys(globalThis).length).toBe(before);
  expect(outcomes['refused by the reader']).toBeGreaterThan(1000);
  expect(outcomes.converted).toBeGreaterThan(10);
});
