import { styleText } from 'node:util';
import { SingleBar } from 'cli-progress';
import type { Verdict } from '../../liveness/types.ts';
import type { PictureInput } from '../../picture/inputs.ts';
import { count } from '../../report/count.ts';
import { printableName } from '../shared/printable.ts';
import { createTable } from '../shared/table.ts';
import type { ScoreResult } from './result.ts';

/** More pictures than this have a progress bar. */
const MANY = 10;

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

/** Prints results as a table, a row as each comes, with a progress bar where there are many. */
export function humanOutput(inputs: readonly PictureInput[]) {
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
