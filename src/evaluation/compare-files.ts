import { basename } from 'node:path';
import { DEFAULT_THRESHOLD } from '../liveness/threshold.ts';
import { type Comparison, compare, type System } from './compare.ts';
import { scoresOf } from './data/read-files.ts';
import type { EvaluationRequest } from './request.ts';
import { chooseThreshold } from './threshold.ts';

/**
 * Compares two score files.
 * @throws {UsageError} when a file cannot be used
 */
export async function compareFiles(a: string, b: string, request: EvaluationRequest): Promise<Comparison> {
  const ignoreQuality = request.ignoreQuality === true;
  const [rowsA, rowsB] = [await scoresOf(a, ignoreQuality), await scoresOf(b, ignoreQuality)];
  const [nameA, nameB] = basename(a) === basename(b) ? [a, b] : [basename(a), basename(b)];
  const rule = request.chooseThreshold;
  const given = request.threshold ?? DEFAULT_THRESHOLD;
  const system = (name: string, rows: System['rows'], threshold: number): System => ({
    name,
    rows,
    threshold: rule === undefined ? threshold : chooseThreshold(rows, rule),
  });
  const comparison = compare(system(nameA, rowsA, given), system(nameB, rowsB, request.thresholdB ?? given), {
    replicates: request.bootstrap,
    seed: request.seed,
    confidence: request.confidence,
    ...(request.cluster === undefined ? {} : { cluster: request.cluster }),
  });
  if (rule === undefined) return comparison;
  const chosen = `The thresholds ${comparison.thresholds.a} and ${comparison.thresholds.b} were chosen on the very presentations that are compared.`;
  return { ...comparison, warnings: [...comparison.warnings, chosen] };
}
