import { count } from '../report/count.ts';
import { type NearDuplicate, nearDuplicates } from './duplicates.ts';
import { areaUnderRoc, errorCurve } from './metrics/curve.ts';
import { createRandom } from './metrics/random.ts';
import type { JudgedPicture } from './pictures/judge-all.ts';
import type { Label, Presentation } from './types.ts';

/** Something outside the face that tells the label by itself. */
export interface Shortcut {
  readonly feature: string;
  /** AUC of a guess from this feature alone, 0.5 is chance; never below 0.5 for numbers. */
  readonly auc: number;
  /** Share of 200 shufflings of the labels that guess as well. */
  readonly chance: number;
  readonly known: number;
  /** How it differs, in words. */
  readonly detail: string;
}

/** A label that the answer contradicts with high confidence: look whether it is right. */
export interface DoubtfulLabel {
  readonly id: string;
  readonly label: Label;
  readonly score: number;
}

/** What may make the numbers mean something else than they seem to. */
export interface Traps {
  readonly shortcuts: readonly Shortcut[];
  readonly duplicates: readonly NearDuplicate[];
  readonly duplicatePairs: number;
  readonly doubtful: readonly DoubtfulLabel[];
  readonly warnings: readonly string[];
}

type Value = number | string | null;
type Feature = readonly [name: string, of: (j: JudgedPicture) => Value];

const FEATURES: readonly Feature[] = [
  ['file format', (j) => j.facts?.format ?? null],
  ['bytes of the file', (j) => j.facts?.bytes ?? null],
  ['bytes a pixel', (j) => (j.facts === null ? null : j.facts.bytes / (j.facts.width * j.facts.height))],
  ['width in pixels', (j) => j.facts?.width ?? null],
  ['height in pixels', (j) => j.facts?.height ?? null],
  ['width by height', (j) => (j.facts === null ? null : `${j.facts.width}x${j.facts.height}`)],
  ['form (width / height)', (j) => (j.facts === null ? null : j.facts.width / j.facts.height)],
  ['JPEG quality', (j) => j.facts?.jpegQuality ?? null],
  // As a name too: one setting between others tells the label without being the highest or lowest.
  ['JPEG quality, exact setting', (j) => j.facts?.jpegQuality?.toString() ?? null],
  ['chroma subsampling', (j) => j.facts?.chroma ?? null],
  ['camera (EXIF)', (j) => (j.facts === null ? null : (j.facts.camera ?? 'none'))],
  ['software (EXIF)', (j) => (j.facts === null ? null : (j.facts.software ?? 'none'))],
  ['has EXIF', (j) => (j.facts === null ? null : String(j.facts.hasExif))],
  ['has a colour profile', (j) => (j.facts === null ? null : String(j.facts.hasColourProfile))],
  ['device (index)', (j) => j.picture.device],
  ['session (index)', (j) => j.picture.session],
];

/** Measures of the scene that a label should not hang on. */
const SCENE = ['FaceWidth', 'Context', 'LuminanceMean', 'LuminanceDeviation', 'Sharpness'];

interface Sample {
  readonly label: Label;
  readonly value: number | string;
}

/**
 * Guess from a text value: its share of bona fide among all other pictures with it, drawn towards one half. A
 * picture never votes for itself, so values that occur once guess nothing.
 */
function leaveOneOut(samples: readonly Sample[]): { label: Label; score: number }[] {
  const counts = new Map<string | number, [n: number, bonaFide: number]>();
  for (const { label, value } of samples) {
    const entry = counts.get(value) ?? [0, 0];
    entry[0]++;
    if (label === 'bona-fide') entry[1]++;
    counts.set(value, entry);
  }
  return samples.map(({ label, value }) => {
    const [n, bonaFide] = counts.get(value)!;
    const own = label === 'bona-fide' ? 1 : 0;
    return { label, score: n < 2 ? 0.5 : (bonaFide - own + 1) / (n - 1 + 2) };
  });
}

function guess(samples: readonly Sample[]): number {
  if (samples.every((s) => typeof s.value === 'number')) {
    const auc = areaUnderRoc(errorCurve(samples.map((s) => ({ label: s.label, score: s.value as number }))));
    return Math.max(auc, 1 - auc);
  }
  return areaUnderRoc(errorCurve(leaveOneOut(samples)));
}

const middle = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
};
const short = (value: number) => Number(value.toPrecision(3)).toString();

function describe(samples: readonly Sample[]): string {
  const of = (label: Label) => samples.filter((s) => s.label === label).map((s) => s.value);
  const numbers = samples.every((s) => typeof s.value === 'number');
  const say = (label: Label) => {
    const values = of(label);
    if (numbers) return `median ${short(middle(values as number[]))}`;
    const counts = new Map<string | number, number>();
    for (const v of values) counts.set(v, (counts.get(v) ?? 0) + 1);
    const [value, n] = [...counts].sort((a, b) => b[1] - a[1])[0];
    return `${Math.round((100 * n) / values.length)} % ${value}`;
  };
  return `bona fide ${say('bona-fide')}, attacks ${say('attack')}`;
}

const SHUFFLES = 200;
const TELLING = 0.65;
const ENOUGH = 10;

function shortcut(feature: string, samples: readonly Sample[], seed: number): Shortcut | null {
  const bonaFide = samples.filter((s) => s.label === 'bona-fide').length;
  if (bonaFide < ENOUGH || samples.length - bonaFide < ENOUGH) return null;
  const auc = guess(samples);
  if (auc < TELLING) return null;
  const random = createRandom(seed);
  // Shuffling thousands of rows 200 times says no more than shuffling a thousand.
  const some =
    samples.length <= 1000 ? samples : samples.filter((_, i) => i % Math.ceil(samples.length / 1000) === 0);
  const labels = some.map((s) => s.label);
  const reference = some === samples ? auc : guess(some);
  let asGood = 0;
  for (let k = 0; k < SHUFFLES; k++) {
    for (let i = labels.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [labels[i], labels[j]] = [labels[j], labels[i]];
    }
    if (guess(some.map((s, i) => ({ value: s.value, label: labels[i] }))) >= reference) asGood++;
  }
  const chance = (asGood + 1) / (SHUFFLES + 1);
  if (chance > 0.05) return null;
  return { feature, auc, chance, known: samples.length, detail: describe(samples) };
}

function findShortcuts(judged: readonly JudgedPicture[], seed: number): Shortcut[] {
  const features: Feature[] = [
    ...FEATURES,
    ...SCENE.map((name): Feature => [`${name} (measured)`, (j) => j.answer.quality[name] ?? null]),
  ];
  return features
    .flatMap(([name, of]) => {
      const samples = judged.flatMap((j) => {
        const value = of(j);
        return value === null ? [] : [{ label: j.picture.label, value }];
      });
      return shortcut(name, samples, seed) ?? [];
    })
    .sort((a, b) => b.auc - a.auc);
}

const MOST_SHOWN = 24;

/** Rows whose label the answer contradicts with high confidence, the most doubtful first. */
function findDoubtful(rows: readonly Presentation[]): DoubtfulLabel[] {
  const sure = (row: Presentation): number | null =>
    row.score === null
      ? null
      : (row.probability ?? (row.score >= 0 && row.score <= 100 ? row.score / 100 : null));
  return rows
    .flatMap((row) => {
      const p = sure(row);
      if (p === null || row.score === null) return [];
      const wrong = row.label === 'attack' ? p : 1 - p;
      return wrong < 0.95 ? [] : [{ id: row.id, label: row.label, score: row.score, wrong }];
    })
    .sort((a, b) => b.wrong - a.wrong)
    .slice(0, MOST_SHOWN)
    .map(({ wrong: _, ...doubtful }) => doubtful);
}

/** People under which a claim about people is thin. */
const FEW_SUBJECTS = 30;
/** Attacks of a species under which even none accepted allows an APCER over about 10 %. */
const FEW_ATTACKS = 30;

function countWarnings(rows: readonly Presentation[]): string[] {
  const warnings: string[] = [];
  const bonaFide = rows.filter((row) => row.label === 'bona-fide');
  const people = new Set(bonaFide.map((row) => row.subject).filter((s) => s !== null)).size;
  if (people > 0 && people < FEW_SUBJECTS) {
    warnings.push(
      `Only ${count(people, 'person', 'people')} among the bona fide: even without a single error up to ${Math.round(100 * (1 - 0.05 ** (1 / people)))} % of people could be rejected.`,
    );
  }
  const species = new Map<string, number>();
  for (const row of rows) {
    if (row.species !== null) species.set(row.species, (species.get(row.species) ?? 0) + 1);
  }
  const few = [...species].filter(([, n]) => n < FEW_ATTACKS).map(([name, n]) => `${name} (${n})`);
  if (few.length > 0) {
    warnings.push(`Under ${FEW_ATTACKS} attacks of ${few.join(', ')}: an APCER of so few says little.`);
  }
  const simulated = [...species.keys()].filter((name) => name.startsWith('simulated-'));
  if (simulated.length > 0) {
    warnings.push(
      `${simulated.length} species are SIMULATED: they test mechanics; their APCER is not that of real prints and screens.`,
    );
  }
  return warnings;
}

/** Looks for traps that need the scores alone. */
export function findScoreTraps(rows: readonly Presentation[]): Traps {
  return {
    shortcuts: [],
    duplicates: [],
    duplicatePairs: 0,
    doubtful: findDoubtful(rows),
    warnings: countWarnings(rows),
  };
}

/** Looks for traps in judged pictures. `folds` is the fold of each picture, where folds are used. */
export function findTraps(
  rows: readonly Presentation[],
  judged: readonly JudgedPicture[],
  folds: readonly string[] | null,
  seed: number,
): Traps {
  const base = findScoreTraps(rows);
  const shortcuts = findShortcuts(judged, seed);
  const duplicates = nearDuplicates(judged, folds);
  const warnings = [...base.warnings];
  if (shortcuts.length > 0) {
    warnings.push(
      `The label can be told without looking at the face, by ${shortcuts.map((s) => s.feature).join(', ')}: the scores may rest on that.`,
    );
  }
  if (duplicates.length > 0) {
    warnings.push(
      `${duplicates.length} pairs of near-duplicates across folds, subjects or labels: they count as independent evidence and are not.`,
    );
  }
  return {
    ...base,
    shortcuts,
    duplicates: duplicates.slice(0, MOST_SHOWN),
    duplicatePairs: duplicates.length,
    warnings,
  };
}
