/** A small generator of random numbers (mulberry32) that gives the same ones for the same seed, everywhere. */
export function seeded(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  /** A whole number from 0 up to but not including `bound`. */
  const below = (bound: number) => next() % bound;
  const bytes = (length: number) => Buffer.from(Uint8Array.from({ length }, () => next() & 255));
  return { below, bytes };
}

/** How often the random parts of the corpora are made, each time with other seeds; more for a long run by hand. */
export const rounds = Number(process.env.LIVESTILL_FAULT_ROUNDS ?? 1);
