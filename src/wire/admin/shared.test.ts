import { expect, it } from 'vitest';
import { shared } from './shared.ts';

it('those who ask while an answer is being made get that one, those who ask later a new one', async () => {
  let runs = 0;
  const open: ((value: number) => void)[] = [];
  const ask = shared(() => {
    runs++;
    return new Promise<number>((resolve) => open.push(resolve));
  });
  const both = [ask(), ask()];
  open[0]?.(7);
  expect([await Promise.all(both), runs]).toEqual([[7, 7], 1]);
  const later = ask();
  open[1]?.(8);
  expect([await later, runs]).toEqual([8, 2]);
});

it('a run that failed is not kept', async () => {
  let runs = 0;
  const ask = shared(async () => {
    if (runs++ === 0) throw new Error('once');
    return runs;
  });
  await expect(ask()).rejects.toThrow('once');
  expect(await ask()).toBe(2);
});
