import { writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { styleText } from 'node:util';
import { SingleBar } from 'cli-progress';
import { type Command, InvalidArgumentError } from 'commander';
import { createLiveness, type JudgedPicture, type Liveness } from '../../engine.ts';
import { Fault, UsageError } from '../../errors.ts';
import { makeFolder } from '../../files/folder.ts';
import type { Judgement, Profile, Verdict } from '../../liveness/types.ts';
import { createLeftOutTally } from '../../picture/left-out.ts';
import { count } from '../../report/count.ts';
import { lackingLine, modelsOption, packOption, profileOption } from '../shared/engine-options.ts';
import { print, printableName, say } from '../shared/printable.ts';
import { createTable } from '../shared/table.ts';
import { tellLeftOut } from '../shared/tell-left-out.ts';
import { drawExplanation } from './explain.ts';
import { expandInputs, type PictureInput } from './inputs.ts';

interface ScoreOptions {
  readonly json?: true;
  readonly threshold?: number;
  readonly profile?: Profile;
  readonly explain?: string;
  readonly models?: string;
  readonly pack: readonly string[];
}

/** What is said of one file: the wire code it would have got, and the judgement where there is one. */
export type ScoreResult = { readonly file: string; readonly code: number; readonly message: string } & (
  | ({ readonly judged: true } & Judgement)
  | {
      readonly judged: false;
      readonly reason: string;
      readonly score: null;
      readonly rawScore: null;
      readonly verdict: null;
      readonly review: null;
    }
);

const MANY = 10;

function parseThreshold(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 100)) {
    throw new InvalidArgumentError('Expected a number from 0 to 100.');
  }
  return value;
}

/** Adds `livestill score` to the program. Exit status: 0 all judged, 1 some failed, 2 wrong use. */
export function registerScore(program: Command): void {
  program
    .command('score')
    .description('judge pictures: live person, or a picture of a picture?')
    .argument('<picture...>', 'files, folders (with all below them), or - for standard input')
    .option('--json', 'one JSON object a line, one line a picture, in the order given')
    .option('--threshold <number>', 'scores above it are live, 0-100 (default: 87)', parseThreshold)
    .addOption(profileOption())
    .option(
      '--explain <folder>',
      'write each picture with box, key points, crops, quality and score drawn on it',
    )
    .addOption(modelsOption())
    .addOption(packOption())
    .addHelpText(
      'after',
      `
JPEG, PNG, WebP, BMP, HEIC and AVIF are judged; what a file is, is told by its content. Of a folder all
pictures are judged, whatever their names; other files are counted and named on standard error.

Score 0-100: above the threshold the picture is taken for a live person. A verdict of poor_quality or
no_face means "not judged", never "attack", and has no score: take a better picture. RAW is what the
networks gave all the same. "live, review" and "attack, review" mean that the networks do not back the
verdict: have a person look, or take another picture.

With --json a line is {"file","code","message","verdict","score","review","rawScore",…the whole judgement}.
code is 0 for a judged picture, -4015 no face, -4016 no usable picture, -5805 the file cannot be
read. --explain overwrites nothing: where a name is taken, the next one gets a number.

Exit status: 0 all were judged, 1 some were not, 2 wrong use.

Examples:
  livestill score selfie.jpg
  livestill score --json photos/ > scores.ndjson
  curl -s https://intranet/photo.jpg | livestill score -
  livestill score --explain why/ door-camera/*.jpg`,
    )
    .action((paths: string[], options: ScoreOptions) => score(paths, options));
}

function failure(file: string, code: number, reason: string, message: string): ScoreResult {
  return {
    file,
    code,
    message,
    judged: false,
    reason,
    score: null,
    rawScore: null,
    verdict: null,
    review: null,
  };
}

async function judgeInput(
  engine: Liveness,
  input: PictureInput,
  explain: ((judged: JudgedPicture) => Promise<void>) | null,
): Promise<ScoreResult> {
  try {
    const judged = await engine.judgeWithPicture(await input.read());
    const { judgement } = judged;
    await explain?.(judged);
    const noFace = judgement.verdict === 'no_face';
    return {
      file: input.name,
      code: noFace ? -4015 : 0,
      message: noFace ? judgement.reasons[0].text : 'OK',
      judged: true,
      ...judgement,
    };
  } catch (error) {
    if (error instanceof Fault) return failure(input.name, error.code, error.reason, error.message);
    throw error;
  }
}

/** Bytes of a name's beginning that are kept: file systems allow 255 for all of it. */
const LONGEST_STEM = 200;

/** What an explain picture is called after its input, without what no file name should have. */
function stemOf(input: string): string {
  const stem = input === '-' ? 'stdin' : basename(input, extname(input));
  let kept = '';
  for (const character of stem.replace(/[\p{Cc}\p{Cs}]/gu, '_')) {
    if (Buffer.byteLength(kept + character) > LONGEST_STEM) break;
    kept += character;
  }
  return kept;
}

/** Writes an explain picture under a name of its own: neither one of this run nor one that lies there is overwritten. */
async function writeExplanation(folder: string, input: string, drawn: Buffer): Promise<void> {
  const stem = stemOf(input);
  for (let n = 1; ; n++) {
    try {
      const name = `${stem}${n > 1 ? `-${n}` : ''}.explain.jpg`;
      await writeFile(join(folder, name), drawn, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

const VERDICT_STYLE = { live: 'green', attack: 'red', poor_quality: 'yellow', no_face: 'yellow' } as const;

function wantsColour(): boolean {
  if (process.env.NO_COLOR) return false;
  if (process.env.FORCE_COLOR && process.env.FORCE_COLOR !== '0') return true;
  return process.stdout.isTTY === true && process.env.TERM !== 'dumb';
}

function toRow(result: ScoreResult): string[] {
  if (!result.judged) return [result.file, `code ${result.code}`, '', '', '', '', '', result.message];
  return [
    result.file,
    result.review ? `${result.verdict}, review` : result.verdict,
    result.score === null ? '-' : String(result.score),
    result.rawScore === null ? '-' : String(result.rawScore),
    result.score === null || result.liveProbability === null ? '-' : result.liveProbability.toFixed(2),
    String(result.faceCount),
    result.milliseconds.total.toFixed(0),
    result.reasons.map((r) => r.code).join(' '),
  ];
}

function humanOutput(inputs: readonly PictureInput[]) {
  const colour = wantsColour();
  const table = createTable(
    [
      { title: 'PICTURE', width: Math.min(60, Math.max(...inputs.map((i) => printableName(i.name).length))) },
      { title: 'VERDICT', width: 'attack, review'.length },
      { title: 'SCORE', right: true, width: 5 },
      { title: 'RAW', right: true, width: 3 },
      { title: 'P(LIVE)', right: true, width: 7 },
      { title: 'FACES', right: true, width: 5 },
      { title: 'MS', right: true, width: 5 },
      { title: 'REASONS' },
    ],
    [],
    (text, column, row) => {
      if (!colour || column !== 1) return text;
      return styleText(VERDICT_STYLE[row[1].replace(', review', '') as Verdict] ?? 'magenta', text, {
        validateStream: false,
      } as never);
    },
  );
  const bar =
    inputs.length > MANY && process.stderr.isTTY === true
      ? new SingleBar({
          format: ' {bar} {value}/{total}  {eta_formatted} left',
          barsize: 30,
          clearOnComplete: true,
          hideCursor: true,
          stream: process.stderr,
        })
      : null;
  process.stdout.write(`${table.head}\n`);
  bar?.start(inputs.length, 0);
  return {
    row(result: ScoreResult) {
      if (bar !== null && process.stdout.isTTY) process.stderr.write('\r\x1b[2K');
      process.stdout.write(`${table.line(toRow(result))}\n`);
      bar?.increment();
    },
    end(results: ReadonlyMap<string, number>, failed: number, review: number) {
      bar?.stop();
      const parts = [...results].map(([verdict, n]) => `${n} ${verdict}`);
      if (failed > 0) parts.push(`${failed} failed`);
      const doubt = review > 0 ? `; ${review} of them for review` : '';
      if (inputs.length > 1)
        process.stdout.write(`\n${count(inputs.length, 'picture')}: ${parts.join(', ')}${doubt}\n`);
    },
  };
}

/** @throws {UsageError} `folder_unwritable` */
async function explainFolder(folder: string): Promise<void> {
  await makeFolder(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(
      'folder_unwritable',
      `--explain: the folder ${folder} cannot be made: ${cause.message}`,
      {
        cause,
      },
    );
  });
}

async function score(paths: readonly string[], options: ScoreOptions): Promise<void> {
  const leftOut = createLeftOutTally();
  const inputs = await expandInputs(paths, process.stdin, leftOut.add);
  tellLeftOut(leftOut);
  if (inputs.length === 0) {
    process.stderr.write('livestill: no pictures there\n');
    process.exitCode = 1;
    return;
  }
  if (options.explain !== undefined) await explainFolder(options.explain);
  const engine = await createLiveness({
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    packs: options.pack,
    ...(options.threshold === undefined ? {} : { threshold: options.threshold }),
    ...(options.models === undefined ? {} : { modelsDir: options.models }),
  });
  if (engine.lacking !== null && options.profile === undefined) {
    say(`livestill: ${lackingLine(engine.profile, engine.lacking)}\n`);
  }
  const human = options.json ? null : humanOutput(inputs);
  const explainer = (folder: string, input: PictureInput) => async (judged: JudgedPicture) => {
    const drawn = await drawExplanation(judged.picture, judged.judgement, basename(input.name));
    await writeExplanation(folder, input.name, drawn);
  };
  const verdicts = new Map<string, number>();
  let review = 0;
  let failed = 0;
  try {
    for (const input of inputs) {
      const explain = options.explain === undefined ? null : explainer(options.explain, input);
      const result = await judgeInput(engine, input, explain);
      if (result.code !== 0) failed++;
      if (result.review === true) review++;
      if (result.judged) verdicts.set(result.verdict, (verdicts.get(result.verdict) ?? 0) + 1);
      if (human !== null) human.row(result);
      else {
        const { judged: _, ...line } = result;
        print(`${JSON.stringify(line)}\n`);
      }
    }
  } finally {
    await engine.close();
  }
  human?.end(verdicts, failed, review);
  if (failed > 0) process.exitCode = 1;
}
