import { clopperPearson, type Interval } from './metrics/intervals.ts';
import { attacksBySpecies } from './threshold.ts';
import { type Presentation, UNNAMED_SPECIES } from './types.ts';

/** Limits of test levels as test laboratories apply them with ISO/IEC 30107-3: largest shares of 1. */
export const PROTOCOLS = {
  'iso-30107-3-level1': { accepted: 0, bpcer: 0.15 },
  'iso-30107-3-level2': { accepted: 0.01, bpcer: 0.15 },
} as const;

export type ProtocolName = keyof typeof PROTOCOLS;

/** The names of all protocols. */
export const PROTOCOL_NAMES = Object.keys(PROTOCOLS) as ProtocolName[];

/** A count against its limit; `within` is null where nothing was counted. */
export interface ProtocolCount {
  readonly errors: number;
  readonly n: number;
  readonly noResponse: number;
  readonly share: number | null;
  readonly interval: Interval | null;
  readonly limit: number;
  readonly within: boolean | null;
}

/** What a test by a protocol would count. */
export interface ProtocolReport {
  readonly protocol: ProtocolName;
  readonly notice: string;
  /** Accepted attacks by species, over all presentations: an attack without a response is not accepted. */
  readonly species: Readonly<Record<string, ProtocolCount>>;
  /** Rejected bona fide presentations, over those with a response. */
  readonly bonaFide: ProtocolCount;
  readonly attackSubjects: number;
  readonly bonaFideSubjects: number;
  /** Every limit is kept by something counted. */
  readonly withinLimits: boolean;
  /** What these pictures lack for the claim. */
  readonly missing: readonly string[];
}

const NOTICE =
  'This report is no certificate: only an accredited laboratory that presents attacks of its own to the whole system can grant one.';

function counted(
  errors: number,
  n: number,
  noResponse: number,
  limit: number,
  confidence: number,
): ProtocolCount {
  const share = n === 0 ? null : errors / n;
  const within = share === null ? null : share <= limit;
  return { errors, n, noResponse, share, interval: clopperPearson(errors, n, confidence), limit, within };
}

const subjectsOf = (rows: readonly Presentation[]) =>
  new Set(rows.map((row) => row.subject).filter((subject) => subject !== null)).size;

function missingOf(rows: readonly Presentation[], species: ProtocolReport['species']): string[] {
  const attacks = rows.filter((row) => row.label === 'attack');
  const missing: string[] = [];
  if (attacks.length === 0) missing.push('attack presentations: none');
  if (attacks.length === rows.length) missing.push('bona fide presentations: none');
  const unnamed = attacks.filter((row) => row.species === null || row.species === UNNAMED_SPECIES).length;
  if (unnamed > 0) missing.push(`species: ${unnamed} attacks name none`);
  const simulated = attacks.filter((row) => row.species?.startsWith('simulated-') === true).length;
  if (simulated > 0) missing.push(`species: ${simulated} attacks are simulated, not presented to a camera`);
  const anonymous = rows.filter((row) => row.subject === null).length;
  if (anonymous > 0) missing.push(`people: ${anonymous} presentations name no subject`);
  for (const [name, { n, within, interval, limit }] of Object.entries(species)) {
    if (within === true && interval !== null && interval[1] > Math.max(limit, 0.01)) {
      const most = (interval[1] * 100).toFixed(1);
      missing.push(`numbers: ${name}: ${n} presented; up to ${most} % accepted cannot be excluded`);
    }
  }
  missing.push('the plan of a laboratory: its species, people and numbers of presentations');
  return missing;
}

/**
 * Counts presentations as a test by this protocol would.
 *
 * @param accepted whether the row of this number was accepted; null without a response
 */
export function countByProtocol(
  rows: readonly Presentation[],
  accepted: (row: number) => boolean | null,
  protocol: ProtocolName,
  confidence = 0.95,
): ProtocolReport {
  const limits = PROTOCOLS[protocol];
  // An attack without a species and one of the species "unspecified" count together.
  const named = rows.map((row) => ({ ...row, species: row.species || UNNAMED_SPECIES }));
  const answers = new Map<Presentation, boolean | null>(named.map((row, i) => [row, accepted(i)]));
  const having = (of: readonly Presentation[], answer: boolean | null) =>
    of.filter((row) => answers.get(row) === answer).length;
  const species = Object.fromEntries(
    [...attacksBySpecies(named)].map(([name, of]) => [
      name,
      counted(having(of, true), of.length, having(of, null), limits.accepted, confidence),
    ]),
  );
  const live = named.filter((row) => row.label === 'bona-fide');
  const silent = having(live, null);
  const bonaFide = counted(having(live, false), live.length - silent, silent, limits.bpcer, confidence);
  const all = [...Object.values(species), bonaFide];
  return {
    protocol,
    notice: NOTICE,
    species,
    bonaFide,
    attackSubjects: subjectsOf(rows.filter((row) => row.label === 'attack')),
    bonaFideSubjects: subjectsOf(live),
    withinLimits: all.length > 1 && all.every((count) => count.within === true),
    missing: missingOf(rows, species),
  };
}

const per = (share: number | null) => (share === null ? '-' : `${(share * 100).toFixed(2)} %`);

/**
 * Rows of a table for people: what, errors of presentations, share, limit, whether it is kept, without a
 * response.
 */
export function protocolRows({ species, bonaFide }: ProtocolReport): string[][] {
  const row = (name: string, c: ProtocolCount) => [
    name,
    `${c.errors}/${c.n}`,
    per(c.share),
    per(c.limit),
    c.within === null ? '-' : c.within ? 'yes' : 'NO',
    String(c.noResponse),
  ];
  return [
    ...Object.entries(species).map(([name, c]) => row(`accepted  ${name}`, c)),
    row('BPCER  bona fide rejected', bonaFide),
  ];
}

/** Titles of the columns of `protocolRows`. */
export const PROTOCOL_COLUMNS = ['COUNTED', 'COUNT', 'SHARE', 'LIMIT', 'KEPT', 'NO RESPONSE'] as const;
