import { nameOperatingPoints, type OperatingName } from '../liveness/operating-names.ts';
import { clopperPearson, type Interval } from './metrics/intervals.ts';
import { attacksBySpecies } from './threshold.ts';
import { isScored, type Presentation } from './types.ts';

/** A share with counts and exact interval. */
export interface OperatingRate {
  readonly share: number | null;
  readonly errors: number;
  readonly n: number;
  readonly interval: Interval | null;
}

/** What a threshold means. */
export interface OperatingPoint {
  /** See `liveness/operating-names.ts`; by the worst species. None where attacks are simulated. */
  readonly name: OperatingName | null;
  /** Scores above it are accepted. */
  readonly threshold: number;
  readonly bpcer: OperatingRate;
  /** All species pooled. */
  readonly apcer: OperatingRate;
  readonly apcerBySpecies: Readonly<Record<string, OperatingRate>>;
  readonly apcerMax: number | null;
}

/** The table that a service publishes. */
export interface OperatingPoints {
  readonly format: 1;
  readonly confidence: number;
  readonly interval: 'clopper-pearson';
  /** What was measured on. */
  readonly data: {
    readonly description: string;
    readonly bonaFide: number;
    readonly attacks: number;
    readonly subjects: number | null;
    readonly bpnrr: number | null;
    readonly apnrr: number | null;
    readonly simulated: boolean;
    readonly scoresSha256: string;
  };
  readonly system: {
    readonly version: string;
    readonly profile: string | null;
    readonly models: readonly { readonly name: string; readonly sha256: string }[];
  };
  readonly points: readonly OperatingPoint[];
}

/** How many of ascending scores lie above a threshold. */
function above(sorted: Float64Array, threshold: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] > threshold) high = middle;
    else low = middle + 1;
  }
  return sorted.length - low;
}

function operatingRate(errors: number, n: number, confidence: number): OperatingRate {
  return { share: n === 0 ? null : errors / n, errors, n, interval: clopperPearson(errors, n, confidence) };
}

const sortedScores = (rows: readonly Presentation[]) =>
  Float64Array.from(rows.filter(isScored), (row) => row.score).sort();

/** Error rates at each threshold given; by default at every whole score from 0 to 99. */
export function operatingPoints(
  rows: readonly Presentation[],
  about: {
    readonly description: string;
    readonly scoresSha256: string;
    readonly system: OperatingPoints['system'];
  },
  confidence = 0.95,
  thresholds: readonly number[] = Array.from({ length: 100 }, (_, i) => i),
): OperatingPoints {
  const bonaFide = rows.filter((row) => row.label === 'bona-fide');
  const attacks = rows.filter((row) => row.label === 'attack');
  const live = sortedScores(bonaFide);
  const all = sortedScores(attacks);
  const species = [...attacksBySpecies(rows)].map(([name, of]) => [name, sortedScores(of)] as const);
  const silent = (of: readonly Presentation[]) =>
    of.length === 0 ? null : of.filter((row) => row.score === null).length / of.length;
  const subjects = new Set(rows.map((row) => row.subject).filter((s) => s !== null)).size;
  const points = thresholds.map((threshold): Omit<OperatingPoint, 'name'> => {
    const bySpecies = species.map(
      ([name, scores]) => [name, operatingRate(above(scores, threshold), scores.length, confidence)] as const,
    );
    const known = bySpecies.map(([, r]) => r.share).filter((s) => s !== null);
    return {
      threshold,
      bpcer: operatingRate(live.length - above(live, threshold), live.length, confidence),
      apcer: operatingRate(above(all, threshold), all.length, confidence),
      apcerBySpecies: Object.fromEntries(bySpecies),
      apcerMax: known.length === 0 ? null : Math.max(...known),
    };
  });
  const isSimulated = attacks.some((row) => row.species?.startsWith('simulated-') === true);
  const fewest = Math.min(...species.map(([, scores]) => scores.length));
  const names = nameOperatingPoints(
    points.map(({ threshold, apcerMax }) => ({ threshold, apcer: apcerMax })),
    isSimulated || species.length === 0 ? 0 : fewest,
  );
  return {
    format: 1,
    confidence,
    interval: 'clopper-pearson',
    data: {
      description: about.description,
      bonaFide: bonaFide.length,
      attacks: attacks.length,
      subjects: subjects === 0 ? null : subjects,
      bpnrr: silent(bonaFide),
      apnrr: silent(attacks),
      simulated: isSimulated,
      scoresSha256: about.scoresSha256,
    },
    system: about.system,
    points: points.map((point, i) => ({ name: names[i] ?? null, ...point })),
  };
}
