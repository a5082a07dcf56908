import type { SpanCounts } from '../../traces/types.ts';
import type { Kit } from './registry.ts';

/** What became of the spans of this process. */
export function watchTraces(kit: Kit, counts: SpanCounts): void {
  kit.lookedEach(
    'trace_spans_total',
    'Spans of traces by what became of them: all that were made, those exported, those not taken.',
    'outcome',
    () => Object.entries(counts),
  );
}
