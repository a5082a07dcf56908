import { expect, it } from 'vitest';
import { createPace } from './pace.ts';
import { Refusal } from './refusal.ts';

it('a caller has so many calls at once and a minute, whatever others do', () => {
  let now = 0;
  const call = createPace(3, () => now);
  for (let i = 0; i < 3; i++) call('ann');
  expect(() => call('ann')).toThrow(Refusal);
  call('bob');
  now += 20_000;
  call('ann');
  try {
    call('ann');
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: 'too_many_calls', retryAfter: 20 });
  }
});

it('callers that called long ago are forgotten', () => {
  const call = createPace(1, () => 0);
  call('first');
  for (let i = 0; i < 1000; i++) call(`caller ${i}`);
  call('first');
  expect(() => call('caller 999')).toThrow(Refusal);
});
