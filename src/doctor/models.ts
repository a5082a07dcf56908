import { basename } from 'node:path';
import type { Config } from '../config/load.ts';
import { ModelError } from '../liveness/model-error.ts';
import { readModelPack } from '../liveness/pack-card.ts';
import { count } from '../report/count.ts';
import {
  expectedWords,
  foundWords,
  MODELS_DIR,
  pullCommand,
  verifyWeights,
  type WeightReport,
  WeightsError,
} from '../weights/index.ts';
import { type Check, fail, ok, warn } from './check.ts';

/** The built-in networks by size and SHA-256, and the cards of the packs. */
export async function checkModels({ models, profile }: Config): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const dir = models.dir ?? MODELS_DIR;
  try {
    const reports = await verifyWeights(dir);
    const wrong = reports.filter(({ status }) => status !== 'ok');
    const optional = wrong.every((one) => one.optional && one.status === 'missing');
    const asked = profile === 'careful' || profile === 'fast';
    const without = `${wrong.map(({ name }) => name).join(' and ')} not in place: ${asked ? `the profile "${profile}" cannot be used` : 'judging with the profile "single"'}`;
    if (wrong.length === 0) {
      checks.push(ok('models', `${count(reports.length, 'file')}, all with the SHA-256 of the lock`));
    } else if (optional) {
      checks.push((asked ? fail : warn)('models', without, pullCommand(dir)));
    } else checks.push(fail('models', whatIsWrong(dir, wrong), pullCommand(dir)));
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    checks.push(fail('models', error.message, error.advice));
  }
  for (const folder of models.packs) {
    try {
      const { card } = await readModelPack(folder);
      checks.push(ok('model pack', `${card.name} in ${folder}`));
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      checks.push(
        fail(
          'model pack',
          error.message,
          'Correct the card or the setting models.packs: docs/use/model-packs.md.',
        ),
      );
    }
  }
  return checks;
}

/** Which files are not there, and what is wrong with the others. */
function whatIsWrong(dir: string, wrong: readonly WeightReport[]): string {
  const missing = wrong.filter(({ status }) => status === 'missing').map(({ path }) => basename(path));
  const others = wrong.filter(({ status }) => status !== 'missing');
  return `${dir}: ${[
    ...(missing.length === 0
      ? []
      : [`${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not there`]),
    ...others.map((one) => `${basename(one.path)}: expected ${expectedWords(one)}, found ${foundWords(one)}`),
  ].join('; ')}`;
}
