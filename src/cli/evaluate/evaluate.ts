import { type Command, Option } from 'commander';
import { ATTEMPT_FIELDS } from '../../evaluation/attempts.ts';
import { PROTOCOL_NAMES } from '../../evaluation/protocol.ts';
import { DEFAULT_THRESHOLD } from '../../liveness/threshold.ts';
import { finiteNumber, numberWithin } from '../shared/arguments.ts';
import { captureOption, modelsOption, packOption, profileOption } from '../shared/engine-options.ts';
import { type EvaluateFlags, groupField, thresholdRule } from './options.ts';
import { runEvaluation } from './run.ts';

const HELP = `
An index names path and label ("bona-fide" or "attack"), and where known species, subject, device,
session, group, fold. A score file names label and score, and the same others; score null means
that the system gave no response. docs/use/evaluation.md explains every number.

Exit status: 0 measured, 1 a part of a tree could not be read, 2 wrong use, or input that cannot be used.

Examples:
  livestill evaluate my-pictures/ --report report.html
  livestill evaluate index.csv --choose-threshold worst-apcer=0.05 --folds 5
  livestill evaluate --scores other-system.ndjson --threshold 0.5 --json
  livestill evaluate --compare careful.ndjson fast.ndjson`;

/**
 * Adds `livestill evaluate` to the program. Exit status: 0 measured, 1 a part of a tree could not be read, 2
 * wrong use or unusable input.
 */
export function registerEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description('measure how well bona fide and attack presentations are told apart')
    .argument('[pictures]', 'a folder with bona-fide/ and attack/<species>/, or an index file (CSV, NDJSON)')
    .option('--scores <file>', 'a score file instead of pictures (NDJSON, CSV, - for standard input)')
    .option('--compare <files...>', 'two score files, compared by a paired test');
  withThreshold(command)
    .option('--by <field>', 'compare by group, device, session, subject or fold; repeatable', groupField, [])
    .addOption(
      new Option(
        '--together <column>',
        'pictures with one value in this column are stills of one attempt, with one verdict',
      ).choices(ATTEMPT_FIELDS),
    )
    .addOption(
      new Option('--cluster <unit>', 'unit of the bootstrap (default: subject where all are named)').choices([
        'subject',
        'session',
        'picture',
      ]),
    )
    .option('--bootstrap <n>', 'replicates; 0 for none', numberWithin(0, 100_000, true), 1000)
    .option('--seed <n>', 'seed of bootstrap, folds and drawing', numberWithin(0, 2 ** 32 - 1, true), 1)
    .option('--confidence <share>', 'confidence of the intervals', numberWithin(0.5, 0.9999), 0.95)
    .addOption(
      new Option('--protocol <name>', 'state what a test by this protocol would count').choices(
        PROTOCOL_NAMES,
      ),
    )
    .option('--json', 'print one JSON object, shares of 1')
    .option('--report <file>', 'write an HTML report; the JSON goes beside it')
    .option('--no-gallery', 'leave pictures out of the report')
    .option(
      '--robustness <n>',
      'judge at most n pictures again after 32 changes each',
      numberWithin(1, 1_000_000, true),
    )
    .option('--save-scores <file>', 'write the scores as NDJSON, for --scores and --compare')
    .option(
      '--operating-points <file>',
      'write the table of thresholds with error rates that a service publishes',
    )
    .option('--ignore-quality', 'take the raw scores of pictures judged too poor')
    .option('--overwrite', 'replace files of an earlier evaluation; else they are never touched')
    .option('--cache <folder>', 'where answers are kept by picture and model (default: the cache folder)')
    .option('--no-cache', 'keep no answers')
    .addOption(profileOption())
    .addOption(captureOption())
    .addOption(modelsOption())
    .addOption(packOption())
    .addHelpText('after', HELP)
    .action((pictures: string | undefined, _: unknown, command: Command) =>
      runEvaluation(pictures, command.opts<EvaluateFlags>()),
    );
}

function withThreshold(command: Command): Command {
  return command
    .option(
      '--threshold <number>',
      `scores above it are accepted (default: ${DEFAULT_THRESHOLD})`,
      finiteNumber,
    )
    .option('--threshold-b <number>', 'with --compare: the threshold of the second', finiteNumber)
    .option(
      '--choose-threshold <rule>',
      'choose it from scores: eer, hter, apcer=0.05, worst-apcer=0.05 or bpcer=0.1',
      thresholdRule,
    )
    .option('--dev <input>', 'what the threshold is chosen on: pictures, or a score file with --scores')
    .option(
      '--folds <n>',
      'choose the threshold for each of n folds, by subject, on the others',
      numberWithin(2, 1000, true),
    );
}
