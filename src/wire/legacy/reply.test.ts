import { describe, expect, it } from 'vitest';
import type { Judgement } from '../../liveness/types.ts';
import { judgementEnvelope } from './reply.ts';

const compat = { sessionId: false, noFace: 'error' } as const;
const reply = (change: Partial<Judgement>) =>
  judgementEnvelope(
    { verdict: 'live', score: 92, rawScore: 92, threshold: 87, ...change } as Judgement,
    compat,
    'id',
  );

describe('judgementEnvelope', () => {
  it('names the sizes of several faces, the judged one first, whatever the verdict', () => {
    const faceSizes = [
      { width: 180.6, height: 250.2 },
      { width: 178, height: 247.4 },
    ];
    expect(reply({ faceSizes }).headers).toEqual({
      'x-liveness-raw-score': '92',
      'x-liveness-faces': 'SEVERAL_FACES 2: 181x250, 178x247',
    });
    expect(reply({ faceSizes, verdict: 'attack' }).headers).toEqual({
      'x-liveness-reason': 'attack',
      'x-liveness-raw-score': '92',
      'x-liveness-faces': 'SEVERAL_FACES 2: 181x250, 178x247',
    });
  });

  it('has no such header for one face, and at most eight sizes in it', () => {
    expect(reply({ faceSizes: [{ width: 1, height: 2 }] }).headers).not.toHaveProperty('x-liveness-faces');
    expect(reply({}).headers).not.toHaveProperty('x-liveness-faces');
    const many = Array.from({ length: 500 }, () => ({ width: 10, height: 12 }));
    expect(reply({ faceSizes: many }).headers?.['x-liveness-faces']).toBe(
      `SEVERAL_FACES 500: ${Array(8).fill('10x12').join(', ')}`,
    );
  });
});
