import { operatingPoints } from '../operating-points.ts';
import type { Presentation } from '../types.ts';

/** What `livestill evaluate --operating-points` writes of a measurement of 200 pictures. */
export function measuredPoints(): ReturnType<typeof operatingPoints> {
  const rows = Array.from({ length: 200 }, (_, n): Presentation => {
    const isLive = n % 2 === 0;
    return {
      id: `p${n}`,
      label: isLive ? 'bona-fide' : 'attack',
      species: isLive ? null : 'print',
      subject: null,
      session: null,
      device: null,
      group: null,
      fold: null,
      score: isLive ? 60 + (n % 40) : n % 70,
      probability: null,
      nonResponse: null,
    };
  });
  return operatingPoints(rows, {
    description: 'our own pictures',
    scoresSha256: 'ab',
    system: { version: '1.0.0', profile: 'careful', models: [] },
  });
}
