import type { Evaluation } from './evaluate.ts';
import type { Interval } from './metrics/intervals.ts';
import type { Rate } from './rates.ts';

const shares = (rates: Readonly<Record<string, Rate>>) =>
  Object.fromEntries(Object.entries(rates).map(([name, r]) => [name, r.share]));

const boths = (
  r: Rate,
): { exact: Interval | null; bootstrap: Interval | null; zeroErrorBound: number | null } => ({
  exact: r.interval,
  bootstrap: r.bootstrap,
  zeroErrorBound: r.zeroErrorBound,
});

/**
 * The evaluation as one flat object for programs: shares of 1, null where a number cannot be told. What
 * `livestill evaluate --json` prints.
 */
export function summarise(evaluation: Evaluation) {
  const m = evaluation.measures;
  return {
    bpcer: m.bpcer.share,
    apcer: shares(m.apcer),
    apcerMax: m.apcerMax.value,
    apcerMaxSpecies: m.apcerMax.species,
    apcerPooled: m.apcerPooled.share,
    acer: m.acer.value,
    hter: m.hter.value,
    auc: m.auc.value,
    eer: m.eer.value,
    eerThreshold: m.eer.threshold,
    bpcerAtApcer: Object.fromEntries(Object.entries(m.bpcerAtApcer).map(([limit, e]) => [limit, e.value])),
    bpcerAtWorstApcer: evaluation.bpcerAtWorstApcer,
    bpnrr: m.bpnrr.share,
    apnrr: shares(m.apnrr),
    bonaFideTurnedAway: m.bonaFideTurnedAway.share,
    brier: evaluation.calibration?.brier ?? null,
    ece: evaluation.calibration?.ece ?? null,
    brierBalanced: evaluation.calibration?.balanced?.brier ?? null,
    eceBalanced: evaluation.calibration?.balanced?.ece ?? null,
    calibrationSource: evaluation.calibration?.source ?? null,
    threshold: evaluation.threshold.value,
    thresholdSource: evaluation.threshold.source,
    thresholdRule: evaluation.threshold.rule,
    folds: evaluation.threshold.folds,
    counts: evaluation.counts,
    intervals: {
      confidence: evaluation.bootstrap.confidence,
      unit: evaluation.bootstrap.kind,
      units: evaluation.bootstrap.clusters,
      replicates: evaluation.bootstrap.replicates,
      seed: evaluation.bootstrap.seed,
      bpcer: boths(m.bpcer),
      apcer: Object.fromEntries(Object.entries(m.apcer).map(([name, r]) => [name, boths(r)])),
      apcerMax: m.apcerMax.bootstrap,
      acer: m.acer.bootstrap,
      hter: m.hter.bootstrap,
      auc: m.auc.bootstrap,
      eer: m.eer.bootstrap,
      bpcerAtApcer: Object.fromEntries(
        Object.entries(m.bpcerAtApcer).map(([limit, e]) => [limit, e.bootstrap]),
      ),
      bpnrr: boths(m.bpnrr),
      apnrr: Object.fromEntries(Object.entries(m.apnrr).map(([name, r]) => [name, boths(r)])),
    },
    groups: evaluation.groups,
    warnings: evaluation.warnings,
  };
}
