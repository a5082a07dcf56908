/**
 * npm run bench:growth [-- --only pictures|apps|ledger|connections] [-- --small] [-- --json] [-- --markdown] [-- --plots DIR]
 *
 * What a picture, a request and the records cost as things grow: picture size (0.1 to 24 megapixels), apps (1 to 100 000), ledger rows (0 to
 * 10 million), idle connections (0 to 5000). Processor time where it can be had, medians, sizes taking turns, so that whatever else the
 * machine does hits all alike. None may grow faster than the work does: each series is fitted as a power law and judged; the exit
 * status is 1 when one fails. Needs Linux; the ledger needs about 7 GB of disk for some minutes, beneath the folder for temporary files.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { apps } from './growth/apps.mjs';
import { connections } from './growth/connections.mjs';
import { judged, verdictText } from './growth/fit.mjs';
import { ledger } from './growth/ledger.mjs';
import { pictures } from './growth/pictures.mjs';
import { growthPlot } from './growth/plot.mjs';
import { printTable } from './support.mjs';

const parts = { pictures, apps, ledger, connections };

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    small: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    plots: { type: 'string' },
  },
});
if (options.only !== undefined && !Object.hasOwn(parts, options.only)) {
  console.error(`--only ${options.only}: expected one of ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}

// What was begun is cleared away when the process ends.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const began = performance.now();
const seconds = () => ((performance.now() - began) / 1000).toFixed(0);
const say = (text) => process.stderr.write(`[${seconds()} s] ${text}\n`);

function printMarkdown(rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  console.log([line(rows[0]), line(rows[0].map(() => '---')), ...rows.slice(1).map(line)].join('\n'));
}

function print({ title, name, rows, notes, series }) {
  console.log(options.markdown ? `### ${title}\n` : `\n${title}\n`);
  (options.markdown ? printMarkdown : printTable)(rows);
  console.log(`\n${notes.join(' ')}\n`);
  if (options.markdown) console.log(`![${title}](growth/${name}.svg)\n`);
  const verdicts = series.map((one) => [one.name, one.unit, verdictText(one)]);
  if (options.markdown) printMarkdown([['what', 'in', 'growth'], ...verdicts]);
  else for (const [what, unit, verdict] of verdicts) console.log(`  ${what} (${unit}): ${verdict}`);
  console.log('');
}

const machine = `${cpus()[0].model}, ${cpus().length} processors, Node ${process.version}`;
const results = [];
for (const [name, part] of Object.entries(parts)) {
  if (options.only !== undefined && options.only !== name) continue;
  const found = await part({ small: options.small, say });
  const series = found.series
    .filter(({ points }) => points.length > 1)
    .map((one) => judged(one, options.small));
  results.push({ ...found, series });
  if (options.plots !== undefined) {
    await mkdir(options.plots, { recursive: true });
    await writeFile(join(options.plots, `${name}.svg`), growthPlot(found.title, found.axis, series));
  }
  if (!options.json) print({ ...found, series });
}

const failed = results.flatMap(({ series }) => series.filter(({ passed }) => !passed));
if (options.json) {
  console.log(JSON.stringify({ machine, seconds: Number(seconds()), passed: failed.length === 0, results }));
} else {
  console.log(`${machine}, load ${loadavg()[0].toFixed(1)} at the end, ${seconds()} s in all.`);
  for (const one of failed) console.log(`FAILED: ${one.name} (${one.unit}): ${verdictText(one)}`);
  if (failed.length === 0) console.log('Nothing grows faster than the work.');
}
process.exitCode = failed.length === 0 ? 0 : 1;
