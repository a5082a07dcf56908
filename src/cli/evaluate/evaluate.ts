import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { UsageError } from '../../errors.ts';
import { writeScores } from '../../evaluation/data/score-file.ts';
import { type EvaluateOptions, evaluate, type FullEvaluation } from '../../evaluation/evaluate.ts';
import { acceptance } from '../../evaluation/measure.ts';
import { operatingPoints } from '../../evaluation/operating-points.ts';
import type { JudgedPicture } from '../../evaluation/pictures/judge-all.ts';
import { countByProtocol, PROTOCOL_NAMES, type ProtocolReport } from '../../evaluation/protocol.ts';
import { type GallerySection, makeGallery } from '../../evaluation/report/gallery.ts';
import { comparisonHtml, type Provenance, reportHtml } from '../../evaluation/report/html.ts';
import { proposeReviewLimits } from '../../evaluation/review-limits.ts';
import type { Robustness } from '../../evaluation/robustness/robustness.ts';
import { summarise } from '../../evaluation/summary.ts';
import { findScoreTraps, findTraps, type Traps } from '../../evaluation/traps.ts';
import type { Presentation } from '../../evaluation/types.ts';
import { makeFolder } from '../../files/folder.ts';
import { isTaken, writeNew } from '../../files/write.ts';
import { createLeftOutTally, type LeftOutTally } from '../../picture/left-out.ts';
import { modelsOption, packOption, profileOption } from '../shared/engine-options.ts';
import { print } from '../shared/printable.ts';
import { tellLeftOut } from '../shared/tell-left-out.ts';
import { compareFiles, printComparison } from './compare.ts';
import { indexOf, readText, scoresOf } from './files.ts';
import { type EvaluateFlags, finiteNumber, groupField, numberWithin, thresholdRule } from './options.ts';
import { openPictureSystem, type PictureSystem, version } from './pictures.ts';
import { printEvaluation, printProtocol, printReviewLimits, printTraps } from './print.ts';

/** Adds `livestill evaluate` to the program. Exit status: 0 measured, 1 a part of a tree could not be read, 2 wrong use or unusable input. */
export function registerEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('measure how well bona fide and attack presentations are told apart')
    .argument('[pictures]', 'a folder with bona-fide/ and attack/<species>/, or an index file (CSV, NDJSON)')
    .option('--scores <file>', 'a score file instead of pictures (NDJSON, CSV, - for standard input)')
    .option('--compare <files...>', 'two score files, compared by a paired test')
    .option('--threshold <number>', 'scores above it are accepted (default: 87)', finiteNumber)
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
    )
    .option('--by <field>', 'compare by group, device, session, subject or fold; repeatable', groupField, [])
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
    .addOption(modelsOption())
    .addOption(packOption())
    .addHelpText(
      'after',
      `
An index names path and label ("bona-fide" or "attack"), and where known species, subject, device,
session, group, fold. A score file names label and score, and the same others; score null means
that the system gave no response. docs/evaluation.md explains every number.

Examples:
  livestill evaluate my-pictures/ --report report.html
  livestill evaluate index.csv --choose-threshold worst-apcer=0.05 --folds 5
  livestill evaluate --scores other-system.ndjson --threshold 0.5 --json
  livestill evaluate --compare careful.ndjson fast.ndjson`,
    )
    .action((pictures: string | undefined, _: unknown, command: Command) =>
      run(pictures, command.opts<EvaluateFlags>()),
    );
}

interface Measured {
  readonly input: string;
  readonly rows: readonly Presentation[];
  readonly judged: readonly JudgedPicture[] | null;
  readonly full: FullEvaluation;
  readonly traps: Traps;
  readonly robustness: Robustness | null;
  readonly protocol: ProtocolReport | null;
  readonly system: PictureSystem | null;
}

function checkInputs(pictures: string | undefined, flags: EvaluateFlags): void {
  const given = [pictures, flags.scores, flags.compare].filter((value) => value !== undefined).length;
  if (given !== 1) {
    throw new UsageError(
      'input',
      `Expected one of: a folder or index file, --scores FILE, or --compare A B; found ${given === 0 ? 'none' : `${given} of them`}.`,
    );
  }
  if (flags.compare !== undefined && flags.compare.length !== 2) {
    throw new UsageError('input', `--compare: expected two score files, found ${flags.compare.length}.`);
  }
  if (flags.compare !== undefined && flags.protocol !== undefined) {
    throw new UsageError('input', '--protocol measures one system: leave out --compare.');
  }
  if (flags.scores !== undefined && flags.robustness !== undefined) {
    throw new UsageError('input', '--robustness needs pictures, not scores.');
  }
  if ((flags.dev !== undefined || flags.folds !== undefined) && flags.chooseThreshold === undefined) {
    throw new UsageError(
      'input',
      '--dev and --folds say what a threshold is chosen on: add --choose-threshold RULE.',
    );
  }
  if (flags.dev !== undefined && flags.folds !== undefined) {
    throw new UsageError('input', 'Expected --dev or --folds, found both.');
  }
  if (flags.threshold !== undefined && flags.chooseThreshold !== undefined) {
    throw new UsageError('input', 'Expected --threshold or --choose-threshold, found both.');
  }
}

function optionsOf(flags: EvaluateFlags, development: readonly Presentation[] | undefined): EvaluateOptions {
  return {
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
}

async function run(pictures: string | undefined, flags: EvaluateFlags): Promise<void> {
  checkInputs(pictures, flags);
  await checkOutputs(flags);
  if (flags.compare !== undefined) {
    await runComparison(flags.compare[0], flags.compare[1], flags);
    return;
  }
  const leftOut = createLeftOutTally();
  const system = flags.scores === undefined ? await openPictureSystem(flags) : null;
  try {
    const measured =
      system === null
        ? await measureScores(flags.scores!, flags)
        : await measurePictures(pictures!, system, flags, leftOut);
    await writeFiles(measured, flags);
    const { evaluation } = measured.full;
    print(
      flags.json
        ? `${JSON.stringify(machine(measured), null, 2)}\n`
        : printEvaluation(evaluation) +
            printReviewLimits(measured.rows) +
            printProtocol(measured.protocol) +
            printTraps(measured.traps, measured.robustness),
    );
  } finally {
    tellLeftOut(leftOut);
    await system?.close();
  }
}

async function runComparison(a: string, b: string, flags: EvaluateFlags): Promise<void> {
  const comparison = await compareFiles(a, b, flags);
  if (flags.report !== undefined) {
    const hashes = await Promise.all([a, b].map(async (file) => sha256(await readText(file))));
    const provenance = { ...provenanceOf(`${a}, ${b}`, [], null), scoresSha256: hashes.join(', ') };
    await write(flags.report, comparisonHtml(comparison, provenance), flags);
  }
  print(flags.json ? `${JSON.stringify(comparison, null, 2)}\n` : printComparison(comparison));
}

async function measureScores(file: string, flags: EvaluateFlags): Promise<Measured> {
  const ignore = flags.ignoreQuality === true;
  const rows = await scoresOf(file, ignore);
  const development = flags.dev === undefined ? undefined : await scoresOf(flags.dev, ignore);
  const full = evaluate(rows, optionsOf(flags, development));
  return {
    input: file,
    rows,
    judged: null,
    full,
    traps: findScoreTraps(rows),
    robustness: null,
    protocol: protocolOf(full, flags),
    system: null,
  };
}

async function measurePictures(
  path: string,
  system: PictureSystem,
  flags: EvaluateFlags,
  leftOut: LeftOutTally,
): Promise<Measured> {
  const judged = await system.judge(await indexOf(path, leftOut.add));
  const rows = system.rows(judged);
  const development =
    flags.dev === undefined
      ? undefined
      : system.rows(await system.judge(await indexOf(flags.dev, leftOut.add)));
  const full = evaluate(rows, optionsOf(flags, development));
  const robustness =
    flags.robustness === undefined
      ? null
      : await system.robustness(judged, full.evaluation.threshold.value, flags.robustness);
  const traps = findTraps(rows, judged, full.folds, flags.seed);
  return { input: path, rows, judged, full, traps, robustness, protocol: protocolOf(full, flags), system };
}

const protocolOf = (full: FullEvaluation, { protocol, confidence }: EvaluateFlags) =>
  protocol === undefined
    ? null
    : countByProtocol(full.rows, acceptance(full.rows, full.choice), protocol, confidence);

/** What programs get: the summary, and beside it traps and robustness. */
function machine({ full, rows, traps, robustness, protocol, system }: Measured) {
  return {
    ...summarise(full.evaluation),
    reviewLimits: proposeReviewLimits(rows),
    traps,
    ...(robustness === null ? {} : { robustness }),
    ...(protocol === null ? {} : { protocol }),
    system: { version, profile: system?.profile ?? null, models: modelsOf(system) },
  };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const modelsOf = (system: PictureSystem | null) =>
  (system?.models ?? []).map(({ name, sha256 }) => ({ name, sha256 }));

function provenanceOf(
  input: string,
  rows: readonly Presentation[],
  system: PictureSystem | null,
): Provenance {
  return {
    command: ['livestill', ...process.argv.slice(2)].map(quoted).join(' '),
    version,
    node: process.version,
    madeAt: new Date().toISOString(),
    input,
    scoresSha256: sha256(writeScores(rows)),
    models: modelsOf(system),
    profile: system?.profile ?? null,
  };
}

const quoted = (word: string) =>
  /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** The JSON file beside a report. */
const numbersBeside = (report: string) => `${report.replace(/\.html?$/i, '')}.json`;

/** Before anything is judged: no file is there that would be lost. @throws {UsageError} `file_exists`, `same_file` */
async function checkOutputs(flags: EvaluateFlags): Promise<void> {
  const { report, saveScores, operatingPoints: points, compare } = flags;
  const beside = report === undefined || compare !== undefined ? undefined : numbersBeside(report);
  const outputs = [report, beside, saveScores, points].filter((file) => file !== undefined);
  if (new Set(outputs.map((file) => resolve(file))).size < outputs.length) {
    throw new UsageError(
      'same_file',
      `expected a file of its own for each output, found ${outputs.join(', ')}`,
    );
  }
  if (flags.overwrite === true) return;
  for (const file of outputs) if (await isTaken(file)) throw fileExists(file);
}

const fileExists = (file: string) =>
  new UsageError(
    'file_exists',
    `${file} exists already: expected the name of a new file; move it away, or add --overwrite`,
  );

async function write(file: string, text: string, { overwrite }: EvaluateFlags): Promise<void> {
  await makeFolder(dirname(file));
  if (overwrite === true) {
    await writeFile(file, text);
    return;
  }
  await writeNew(file, text).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? fileExists(file) : error;
  });
}

async function galleryOf({ full, judged, traps }: Measured): Promise<GallerySection[]> {
  if (judged === null) return [];
  return makeGallery(full.rows, judged, acceptance(full.rows, full.choice), [
    { title: 'Labels contradicted with high confidence', ids: traps.doubtful.map((d) => d.id) },
    { title: 'Near-duplicates, in pairs', ids: traps.duplicates.flatMap((d) => [d.a, d.b]) },
  ]);
}

async function writeFiles(measured: Measured, flags: EvaluateFlags): Promise<void> {
  const { rows, system, input } = measured;
  const provenance = provenanceOf(input, rows, system);
  if (flags.saveScores !== undefined) await write(flags.saveScores, writeScores(rows), flags);
  if (flags.operatingPoints !== undefined) {
    const table = operatingPoints(
      rows,
      {
        description: input,
        scoresSha256: provenance.scoresSha256,
        system: { version, profile: provenance.profile, models: provenance.models },
      },
      flags.confidence,
    );
    await write(flags.operatingPoints, `${JSON.stringify(table, null, 2)}\n`, flags);
  }
  if (flags.report !== undefined) {
    const data = { ...machine(measured), provenance };
    const gallery = flags.gallery ? await galleryOf(measured) : [];
    await write(flags.report, reportHtml({ ...measured, gallery, provenance, machine: data }), flags);
    await write(numbersBeside(flags.report), `${JSON.stringify(data, null, 2)}\n`, flags);
  }
}
