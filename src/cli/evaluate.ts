import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { readScores } from '../evaluation/data/score-file.ts';
import { type EvaluateOptions, evaluate } from '../evaluation/evaluate.ts';
import { summarise } from '../evaluation/summary.ts';
import type { Presentation } from '../evaluation/types.ts';
import {
  type EvaluateFlags,
  finiteNumber,
  groupField,
  numberWithin,
  thresholdRule,
} from './evaluate-options.ts';
import { printEvaluation } from './evaluate-print.ts';

/** Adds `livestill evaluate` to the program. Exit status: 0 measured, 2 wrong use. */
export function registerEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('measure how well bona fide and attack presentations are told apart')
    .option(
      '--scores <file>',
      'a score file instead of pictures: NDJSON or CSV with label, species, subject, score',
    )
    .option('--threshold <number>', 'scores above it are accepted (default: 87)', finiteNumber)
    .option(
      '--choose-threshold <rule>',
      'choose it from scores: eer, hter, apcer=0.05, worst-apcer=0.05 or bpcer=0.1',
      thresholdRule,
    )
    .option('--dev <file>', 'pictures or scores that the threshold is chosen on (as the main input)')
    .option(
      '--folds <n>',
      'choose the threshold for each of n folds, by subject, on the others',
      numberWithin(2, 1000, true),
    )
    .option(
      '--by <field>',
      'compare groups by group, device, session, subject or fold; may be repeated',
      groupField,
      [],
    )
    .addOption(
      new Option('--cluster <unit>', 'what is drawn in the bootstrap (default: subject where named)').choices(
        ['subject', 'session', 'picture'],
      ),
    )
    .option('--bootstrap <n>', 'replicates; 0 for none', numberWithin(0, 100_000, true), 1000)
    .option('--seed <n>', 'seed of bootstrap and folds', numberWithin(0, 2 ** 32 - 1, true), 1)
    .option('--confidence <share>', 'confidence of the intervals', numberWithin(0.5, 0.9999), 0.95)
    .option('--json', 'print one JSON object, shares of 1')
    .action((_: EvaluateFlags, command: Command) => run(command.opts<EvaluateFlags>()));
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const why = code === 'ENOENT' ? 'there is no such file' : code;
    throw new UsageError('unreadable', `${file} cannot be read: ${why}.`);
  }
}

async function scoresOf(file: string): Promise<Presentation[]> {
  const rows = readScores(file, await readText(file));
  if (rows.length === 0) throw new UsageError('empty', `${file}: expected at least one row, found none.`);
  return rows;
}

async function run(flags: EvaluateFlags): Promise<void> {
  const rows = await scoresOf(flags.scores!);
  const development = flags.dev === undefined ? undefined : await scoresOf(flags.dev);
  const options: EvaluateOptions = {
    threshold: flags.threshold ?? 87,
    replicates: flags.bootstrap,
    seed: flags.seed,
    confidence: flags.confidence,
    by: flags.by,
    ...(flags.chooseThreshold === undefined ? {} : { rule: flags.chooseThreshold }),
    ...(development === undefined ? {} : { development }),
    ...(flags.folds === undefined ? {} : { folds: flags.folds }),
    ...(flags.cluster === undefined ? {} : { cluster: flags.cluster }),
  };
  const { evaluation } = evaluate(rows, options);
  process.stdout.write(
    flags.json ? `${JSON.stringify(summarise(evaluation), null, 2)}\n` : printEvaluation(evaluation),
  );
}
