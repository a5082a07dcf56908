import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inProject } from './support/tools.ts';

const read = (name: string) => readFileSync(inProject(name), 'utf8');

/** Metrics and their labels, as docs/run/operations.md lists them; test/contract/metrics-page.test.ts compares that list with the page. */
const documented = new Map(
  [...read('docs/run/operations.md').matchAll(/^\| `(livestill_\w+)` \| (\w+) \|([^|]*)\|/gm)].map(
    ([, name, type, labels = '']) => [name!, { type, labels: [...labels.matchAll(/\w+/g)].map(String) }],
  ),
);
/** Labels that Prometheus adds to everything it scrapes. */
const scraped = ['job', 'instance'];
/** Of other collectors on the page. */
const others = ['up', 'process_open_fds', 'process_max_fds', 'process_resident_memory_bytes'];

/** The metric behind a series: histograms have three each. */
function metricOf(series: string): string {
  const base = series.replace(/_(?:bucket|sum|count)$/, '');
  return documented.get(base)?.type === 'histogram' ? base : series;
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
}
const dashboard = JSON.parse(read('deploy/grafana/livestill.json')) as Dashboard;
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const rules = read('deploy/prometheus/livestill.rules.yaml').replace(
  /^\s*(?:#|summary:|description:).*$/gm,
  '',
);

const sources: readonly (readonly [string, string])[] = [
  ['the alert rules', rules],
  ...panels.map(
    ({ title, targets = [] }) =>
      [`the panel "${title}"`, targets.map(({ expr }) => expr).join('\n')] as const,
  ),
  ['the variables of the dashboard', JSON.stringify(dashboard.templating.list)],
];

describe('what is shipped for Prometheus and Grafana', () => {
  it.each(sources)('%s: every metric and label is on the page', (_, text) => {
    const plain = text.replaceAll('\\"', '"');
    const series = [...plain.matchAll(/\b((?:livestill|process)_\w+)\b(?:\{([^}]*)\})?/g)];
    expect(series.length).toBeGreaterThan(0);
    for (const [, name = '', selector = ''] of series) {
      if (others.includes(name)) continue;
      const known = documented.get(metricOf(name));
      expect(known, name).toBeDefined();
      for (const [, label = ''] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
        expect([...scraped, 'le', ...known!.labels], `${name}{${label}}`).toContain(label);
    }
    // A label to group by has to be one of a metric in the same expression.
    const labels = series.flatMap(([, name = '']) => documented.get(metricOf(name))?.labels ?? []);
    for (const [, list = ''] of plain.matchAll(/\bby \(([^)]*)\)/g))
      for (const label of list.split(',')) expect([...scraped, 'le', ...labels]).toContain(label.trim());
  });

  it('has an expression in every panel, each panel in a place of its own', () => {
    expect(panels.length).toBeGreaterThan(20);
    for (const { title, targets = [] } of panels) {
      expect(targets.length, title).toBeGreaterThan(0);
      for (const { expr } of targets) {
        expect(expr, title).not.toBe('');
        for (const [open, close] of ['()', '{}', '[]'])
          expect(expr.split(open!).length, expr).toBe(expr.split(close!).length);
      }
    }
    const taken = new Set<string>();
    for (const { title, gridPos } of dashboard.panels)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x, title).toBeLessThan(24);
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  it('says for every alert how grave it is, what it means and what to do', () => {
    const text = read('deploy/prometheus/livestill.rules.yaml');
    const alerts = text.split(/^ {6}- alert: /m).slice(1);
    expect(alerts.length).toBeGreaterThan(10);
    for (const alert of alerts) {
      expect(alert).toMatch(/^Livestill\w+\n/);
      expect(alert).toMatch(/severity: (?:critical|warning)\n/);
      expect(alert).toMatch(/summary: (["']).+\1\n +description: (["']).+\2\n/);
    }
  });
});
