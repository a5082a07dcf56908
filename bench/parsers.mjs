/**
 * The worst inputs for every parser of callers' bytes, at a quarter, a half and the whole of the largest input it is ever given.
 *
 *   npm run build && npm run bench:parsers            one line a parser: its worst input
 *   npm run bench:parsers -- --all                    every input
 *
 * Times are processor time, the smallest of several rounds, since the machine may have other work. Growth is the exponent of time over
 * size, from a quarter to the whole: 1 is linear. Status 1 where a parser on the thread that answers everybody takes over 60 ms at its
 * limit, or one grows faster than 1.3 where it takes long enough to tell. `worker` and `operator`: what runs elsewhere.
 */
import { parsers } from './parsers/cases.mjs';
import { printTable } from './support.mjs';

const allowedMs = 60;
const allowedGrowth = 1.3;
/** Below this at the limit, growth is what the clock and the collector make of it. */
const tellingMs = 1;
const rounds = 5;
const all = process.argv.includes('--all');

const spent = ({ user, system }) => (user + system) / 1000;

/** Processor time of one call, in ms: of as many calls as fill two milliseconds, the best of several rounds. */
async function timeOf(run, input) {
  let best = Number.POSITIVE_INFINITY;
  let calls = 1;
  for (let round = 0; round < rounds; ) {
    const from = process.cpuUsage();
    for (let call = 0; call < calls; call++) await run(input);
    const milliseconds = spent(process.cpuUsage(from));
    if (milliseconds < 2 && calls < 1e5) calls *= 4;
    else {
      best = Math.min(best, milliseconds / calls);
      round++;
    }
  }
  return best;
}

const shown = (milliseconds) => milliseconds.toFixed(milliseconds < 0.1 ? 4 : milliseconds < 10 ? 2 : 1);
const sizeOf = (bytes) =>
  bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MiB` : bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} B`;

const rows = [['parser', 'worst input', 'limit', 'ms at 1/4', '1/2', 'whole', 'growth', '']];
let failed = false;
for (const { parser, limit, run, inputs, place = '' } of parsers) {
  const results = [];
  for (const [name, make] of Object.entries(inputs)) {
    const times = [];
    for (const share of [4, 2, 1]) times.push(await timeOf(run, make(Math.floor(limit / share))));
    const [quarter, half, whole] = times;
    const growth = Math.log(whole / quarter) / Math.log(4);
    const slow = (place === '' && whole > allowedMs) || (whole > tellingMs && growth > allowedGrowth);
    failed ||= slow;
    results.push({ name, quarter, half, whole, growth, slow });
  }
  results.sort((a, b) => b.whole - a.whole);
  for (const { name, quarter, half, whole, growth, slow } of all ? results : results.slice(0, 1)) {
    rows.push([
      parser,
      name,
      sizeOf(limit),
      shown(quarter),
      shown(half),
      shown(whole),
      growth.toFixed(2),
      slow ? 'SLOW' : place,
    ]);
  }
}
printTable(rows);
if (failed) process.exitCode = 1;
