/** One metric of a page, with all its samples. */
export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Value by `name{label="value",…}`, labels in the order of the alphabet. */
  readonly samples: ReadonlyMap<string, number>;
  /** Every value of every label but `le`. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
}

export type Page = ReadonlyMap<string, Family>;

const plainName = /^[a-z][a-z0-9_]*$/;

/**
 * Parses a page in Prometheus' text format 0.0.4, as strictly as its documentation allows and a little more: HELP and TYPE once and before
 * the samples of each metric, no samples elsewhere, no series twice, no time stamps, counters end in `_total` and are not negative,
 * histograms are complete, cumulative and end with `+Inf`, the last line ends.
 * @throws Error with the line
 */
export function parsePage(text: string): Page {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Growing>();
  let help: [name: string, text: string] | undefined;
  let current: string | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const wrong = (what: string) => new Error(`${what}: ${JSON.stringify(line)}`);
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment;
      if (!plainName.test(name)) throw wrong('a name that is not plain');
      if (kind === 'HELP') {
        if (help !== undefined || families.has(name)) throw wrong('HELP out of place');
        help = [name, rest];
        continue;
      }
      if (help?.[0] !== name) throw wrong('TYPE without HELP');
      if (rest !== 'counter' && rest !== 'gauge' && rest !== 'histogram') throw wrong('an unknown type');
      if ((rest === 'counter') !== name.endsWith('_total')) throw wrong('only counters end in _total');
      families.set(name, { type: rest, help: help[1], samples: new Map(), labels: new Map() });
      [help, current] = [undefined, name];
      continue;
    }
    const sample = /^([a-z][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (sample === null) throw wrong('neither comment nor sample');
    const [, name = '', inside, number = ''] = sample;
    const family = families.get(current ?? '');
    if (family === undefined || help !== undefined) throw wrong('a sample without TYPE');
    const suffix = family.type === 'histogram' ? /_(bucket|sum|count)$/.exec(name)?.[0] : '';
    if (suffix === undefined || name !== `${current}${suffix}`) throw wrong(`not a sample of ${current}`);
    const labels = labelsOf(inside, wrong);
    const value = numberOf(number);
    if (!Number.isFinite(value)) throw wrong('no number');
    if (family.type !== 'gauge' && value < 0) throw wrong('a negative count');
    const key = seriesKey(name, labels);
    if (family.samples.has(key)) throw wrong('a series twice');
    family.samples.set(key, value);
    for (const [label, text] of labels) {
      if (label === 'le' && suffix === '_bucket') continue;
      family.labels.set(label, (family.labels.get(label) ?? new Set<string>()).add(text));
    }
  }
  if (help !== undefined) throw new Error(`HELP ${help[0]} without TYPE`);
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family);
  return families;
}

interface Growing extends Family {
  readonly samples: Map<string, number>;
  readonly labels: Map<string, Set<string>>;
}

type Labels = readonly (readonly [name: string, value: string])[];

function labelsOf(inside: string | undefined, wrong: (what: string) => Error): Labels {
  if (inside === undefined) return [];
  const labels: [string, string][] = [];
  let rest = inside;
  for (;;) {
    const one = /^([a-z][a-z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,(?=.)|$)/.exec(rest);
    if (one === null) throw wrong('labels that do not parse');
    const [all, name = '', value = ''] = one;
    if (labels.some(([known]) => known === name)) throw wrong('a label twice');
    labels.push([name, value.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))]);
    rest = rest.slice(all.length);
    if (rest === '') return labels;
  }
}

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

function seriesKey(name: string, labels: Labels): string {
  if (labels.length === 0) return name;
  const sorted = [...labels].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${name}{${sorted.map(([label, value]) => `${label}="${value}"`).join(',')}}`;
}

function checkHistogram(name: string, { samples }: Family): void {
  const series = new Map<string, { bounds: [number, number][]; sum?: number; count?: number }>();
  for (const [key, value] of samples) {
    const le = /[{,]le="([^"]*)"/.exec(key)?.[1];
    const bare = key.replace(/(?<=\{)le="[^"]*",?|,le="[^"]*"/, '').replace('{}', '');
    const group = bare.replace(/^([a-z0-9_]+)_(bucket|sum|count)/, '$1');
    const found = series.get(group) ?? { bounds: [] };
    series.set(group, found);
    if (key.startsWith(`${name}_bucket`)) found.bounds.push([numberOf(String(le)), value]);
    else found[key.startsWith(`${name}_sum`) ? 'sum' : 'count'] = value;
  }
  for (const [group, { bounds, sum, count }] of series) {
    const rising = bounds.every(([le, value], at) => {
      const [lower, fewer] = bounds[at - 1] ?? [Number.NEGATIVE_INFINITY, 0];
      return le > lower && value >= fewer;
    });
    const [last, all] = bounds.at(-1) ?? [];
    if (!rising || last !== Number.POSITIVE_INFINITY || all !== count || sum === undefined) {
      throw new Error(`${group}: not a histogram: ${JSON.stringify({ bounds, sum, count })}`);
    }
  }
}

/** All samples of the metrics whose name begins so. */
export function samplesOf(page: Page, prefix = 'livestill_'): Map<string, number> {
  const all = new Map<string, number>();
  for (const [name, { samples }] of page) {
    if (name.startsWith(prefix)) for (const [key, value] of samples) all.set(key, value);
  }
  return all;
}

/**
 * By how much each count rose from one page to the next, without those that did not: counters, and how often a histogram was fed. Time that
 * was spent is no count, and a gauge is no count either.
 */
export function changes(before: Page, after: Page): Record<string, number> {
  const old = samplesOf(before);
  const found: Record<string, number> = {};
  for (const [name, { type, samples }] of after) {
    if (!name.startsWith('livestill_') || type === 'gauge') continue;
    for (const [key, value] of samples) {
      if (/_bucket|_sum|_seconds_total/.test(key)) continue;
      const change = value - (old.get(key) ?? 0);
      if (change !== 0) found[key] = change;
    }
  }
  return found;
}
