/** The soak's result in words. */
import { percentile, printTable } from '../support.mjs';
import { troublesOf } from './watch.mjs';

/** Everything that was seen, and `troubles`: what should not be. */
export function resultOf({ minutes, world, services, views, quiet }) {
  const outcomes = Object.fromEntries([...world.outcomes].sort());
  const logs = Object.fromEntries(Object.entries(services).map(([name, { log }]) => [name, log]));
  const all = Object.values(logs);
  const sum = (key) => all.reduce((total, log) => total + log[key], 0);
  const result = {
    minutes,
    requests: [...world.outcomes.values()].reduce((total, count) => total + count, 0),
    outOfContract: world.faults.count,
    samples: world.faults.samples,
    ended: Object.values(services).filter(({ ended }) => ended !== undefined).length,
    uncaught: sum('uncaught'),
    uncaughtSamples: all.flatMap(({ samples }) => samples),
    refusalSamples: all.flatMap(({ refusals }) => refusals),
    log: {
      lines: sum('lines'),
      longest: Math.max(...all.map(({ longest }) => longest)),
      rawControls: sum('raw'),
    },
    services: views,
    quiet: {
      asked: quiet.asked,
      refused: quiet.refused,
      samples: quiet.samples,
      replays: quiet.replays,
      answersLost: quiet.lost,
      ms: [0.5, 0.99].map((share) => percentile(quiet.milliseconds, share)),
    },
    outcomes,
  };
  const zero = (name, count) => (count > 0 ? [`${name}: ${count}`] : []);
  result.troubles = [
    ...zero('answers outside of the contract', result.outOfContract),
    ...zero('services that ended', result.ended),
    ...zero('errors that nobody expected', result.uncaught),
    ...zero('control characters in lines of the log', result.log.rawControls),
    ...(result.log.longest > 8000 ? [`a line of the log has ${result.log.longest} characters`] : []),
    ...zero('requests of the quiet app refused', result.quiet.refused),
    ...zero('idempotency answers of the quiet app lost', result.quiet.answersLost),
    ...Object.entries(views).flatMap(([name, view]) => troublesOf(name, view)),
  ];
  return result;
}

/** Prints the result for people; `withOutcomes`: how each kind of caller was answered, too. */
export function print(result, withOutcomes) {
  const { log, quiet } = result;
  console.log(`livestill soak: ${result.minutes} minutes, Node ${process.version}\n`);
  printTable([
    ['measure', 'found'],
    ['requests', result.requests],
    ['answers outside of the contract', result.outOfContract],
    ['services that ended', result.ended],
    ['errors that nobody expected', result.uncaught],
    ['lines of the log', log.lines],
    ['longest line, characters', log.longest],
    ['control characters in lines', log.rawControls],
    ['quiet app: requests', quiet.asked],
    ['quiet app: refused', quiet.refused],
    ['quiet app: answers replayed', quiet.replays],
    ['quiet app: answers lost', quiet.answersLost],
    ['quiet app: p50 ms', quiet.ms[0].toFixed(0)],
    ['quiet app: p99 ms', quiet.ms[1].toFixed(0)],
  ]);
  console.log();
  const rows = Object.entries(result.services).flatMap(([name, view]) =>
    [
      ['memory, MB', view.serviceMb],
      ['memory of workers, MB', view.workersMb],
      ['open files', view.files],
      ['threads', view.threads],
    ].map(([what, of]) => [
      `${name}: ${what}`,
      ...['start', 'firstHalf', 'secondHalf', 'most', 'end'].map((key) => of[key].toFixed(0)),
    ]),
  );
  printTable([['measure', 'start', 'first half', 'second half', 'most', 'end'], ...rows]);
  console.log();
  printTable([
    ['health of', 'p50 ms', 'p99 ms', 'most ms'],
    ...Object.entries(result.services).map(([name, { healthMs }]) => [
      name,
      ...['p50', 'p99', 'most'].map((key) => healthMs[key].toFixed(1)),
    ]),
  ]);
  if (withOutcomes) {
    console.log();
    printTable([['outcome', 'count'], ...Object.entries(result.outcomes)]);
  }
  for (const text of [
    ...result.samples,
    ...result.uncaughtSamples,
    ...result.refusalSamples,
    ...quiet.samples,
  ])
    console.log(`\n  ${JSON.stringify(text)}`);
  console.log(
    result.troubles.length === 0
      ? '\nNothing that should not be.'
      : `\nTrouble: ${result.troubles.join('; ')}.`,
  );
}
