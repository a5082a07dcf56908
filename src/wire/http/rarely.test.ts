import { expect, it } from 'vitest';
import { rarely } from './rarely.ts';

it('acts at once, then once in so long, and says what it left out', () => {
  let now = 0;
  const told: number[] = [];
  const tell = rarely(100, () => now);
  const at = (time: number) => {
    now = time;
    tell((more) => void told.push(more));
  };
  for (const time of [0, 10, 20, 99, 100, 150, 260]) at(time);
  expect(told).toEqual([0, 3, 1]);
});
