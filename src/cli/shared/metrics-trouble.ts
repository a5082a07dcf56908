import type { Logger } from 'pino';

/** Reports a figure that cannot be taken in the log, the first time. */
export function metricsTrouble(log: Logger): (err: unknown) => void {
  let told = false;
  return (err) => {
    if (!told) log.error({ event: 'metrics_trouble', err }, 'a figure of /metrics is missing or too low');
    told = true;
  };
}
