import { applyStep } from '../machine.ts';
import { sketchOf } from '../sketch.ts';
import type { Session } from '../types.ts';
import { someSession, someStill } from './some-session.ts';

/** A session of two stills with these thumbnails, done. */
export function decidePair(one: Float32Array, two: Float32Array): Session {
  let session = applyStep(someSession(), { kind: 'start', key: 'k', nonce: 'n0' }, 1);
  [one, two].forEach((thumbnail, i) => {
    const mac = `m${i}`;
    const still = someStill({ sha256: String(i).repeat(64) });
    const evidence = still.evidence === null ? null : { ...still.evidence, sketch: sketchOf(thumbnail, 'k') };
    session = applyStep(session, { kind: 'claim', nonce: `n${i}`, mac }, 2);
    const step = { kind: 'finish', mac, still: { ...still, evidence }, nonce: `n${i + 1}` } as const;
    session = applyStep(session, step, 3);
  });
  return session;
}
