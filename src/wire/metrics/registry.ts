import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Upper bounds of the buckets of each kind of histogram, in seconds; of scores, in points. */
const BUCKETS = {
  request: [0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5, 10, 30],
  judgement: [0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30],
  score: [10, 20, 30, 40, 50, 60, 70, 80, 87, 90, 95, 100],
  download: [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30],
  ledger: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
};

/** What of prom-client's own figures is left out; `docs/run/operations.md` says why. */
const LEFT_OUT = /^nodejs_(?:eventloop_lag|active_|gc_)/;

/**
 * A registry of its own, and what makes figures in it: the one place that knows the library. Names get the
 * prefix `livestill_`.
 */
export type Kit = ReturnType<typeof createKit>;

/**
 * @param onTrouble called with the error of a figure that could not be taken; it is missing on the page, all
 * others are there
 */
export function createKit(onTrouble: (error: unknown) => void) {
  const registry = new Registry();
  const parts = <L extends string>(name: string, help: string, labelNames: readonly L[]) => ({
    name: `livestill_${name}`,
    help,
    labelNames: [...labelNames],
    registers: [registry],
  });
  /** Takes a figure anew when the page is asked for; one that cannot be taken is missing. */
  const anew = (metric: { reset(): void; remove(): void }, labels: readonly string[], take: () => void) => {
    metric.reset();
    try {
      take();
    } catch (error) {
      metric.reset();
      if (labels.length === 0) metric.remove();
      onTrouble(error);
    }
  };
  // The histogram that is left out would otherwise be fed a hundred times a second.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 60_000 });
  for (const { name } of registry.getMetricsAsArray()) {
    if (LEFT_OUT.test(name)) registry.removeSingleMetric(name);
  }
  const kindOf = (name: string) => (name.endsWith('_total') ? Counter : Gauge);
  return {
    contentType: registry.contentType as string,
    text: () => registry.metrics(),
    counter: <L extends string = never>(name: string, help: string, labels: readonly L[] = []) =>
      new Counter<L>(parts(name, help, labels)),
    gauge: <L extends string = never>(name: string, help: string, labels: readonly L[] = []) =>
      new Gauge<L>(parts(name, help, labels)),
    histogram: <L extends string = never>(
      name: string,
      help: string,
      of: keyof typeof BUCKETS,
      labels: readonly L[] = [],
    ) => new Histogram<L>({ ...parts(name, help, labels), buckets: BUCKETS[of] }),
    /**
     * One figure that is looked at when the page is asked for; a counter where the name says so. Null: it is
     * not known now, and there is no line.
     */
    looked(name: string, help: string, look: () => number | null): void {
      const Kind = kindOf(name);
      new Kind({
        ...parts(name, help, []),
        collect() {
          anew(this, [], () => {
            const figure = look();
            if (figure === null) this.remove();
            else this.inc(figure);
          });
        },
      });
    },
    /** Figures that are looked at when the page is asked for, one for each value of a label. */
    lookedEach<L extends string>(
      name: string,
      help: string,
      label: L,
      look: () => Iterable<readonly [value: string, figure: number]>,
    ): void {
      const Kind = kindOf(name);
      new Kind<L>({
        ...parts(name, help, [label]),
        collect() {
          anew(this, [label], () => {
            for (const [value, figure] of look()) this.inc({ [label]: value } as Record<L, string>, figure);
          });
        },
      });
    },
  };
}
