import { SingleBar } from 'cli-progress';

/** Shows how far a batch is. */
export interface Progress {
  /** `done` pictures have a row by now; `total` is null while it is not known. */
  update(done: number, total: number | null): void;
  /** Takes the display away. */
  stop(): void;
}

/** The recent rate, per second: what was done within the last `windowMs`. */
export function createRate(clock: () => number, windowMs = 30_000): { see(done: number): number } {
  const seen: { readonly at: number; readonly done: number }[] = [];
  return {
    see(done) {
      const now = clock();
      const last = seen.at(-1);
      // Ten looks a second are plenty, however often pictures are finished.
      if (last === undefined || now - last.at >= 100) seen.push({ at: now, done });
      while (seen.length > 2 && now - seen[0].at > windowMs) seen.shift();
      const span = now - seen[0].at;
      return span < 500 ? 0 : ((done - seen[0].done) * 1000) / span;
    },
  };
}

/** A time in words: `45 s`, `12 min`, `3 h 05 min`, `2 d 4 h`. */
export function timeText(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return `${s} s`;
  const min = Math.round(s / 60);
  if (min < 60) return `${min} min`;
  const h = Math.floor(min / 60);
  if (h < 48) return `${h} h ${String(min % 60).padStart(2, '0')} min`;
  return `${Math.floor(h / 24)} d ${h % 24} h`;
}

const LINE_EVERY_MS = 10_000;

/** A bar on a terminal; elsewhere (a log) a line now and then. */
export function createProgress(
  stream: NodeJS.WriteStream,
  already: number,
  clock = () => performance.now(),
): Progress {
  const rate = createRate(clock);
  rate.see(already);
  const words = (done: number, total: number | null) => {
    const perSecond = rate.see(done);
    const left = total === null || perSecond === 0 ? '' : `, ${timeText((total - done) / perSecond)} left`;
    return `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s${left}`;
  };
  if (stream.isTTY !== true) {
    let said = clock();
    return {
      update(done, total) {
        const text = words(done, total);
        if (clock() - said < LINE_EVERY_MS) return;
        said = clock();
        const share =
          total === null ? '' : ` of ${total} (${((100 * done) / Math.max(1, total)).toFixed(1)} %)`;
        stream.write(`livestill: ${done}${share}, ${text}\n`);
      },
      stop() {},
    };
  }
  const bar = new SingleBar({
    format: ' {bar} {value}/{size}  {words}',
    barsize: 30,
    clearOnComplete: true,
    hideCursor: true,
    fps: 5,
    stream,
  });
  bar.start(1, already, { size: '?', words: '' });
  return {
    update(done, total) {
      bar.setTotal(total ?? Math.max(1, done));
      bar.update(done, { size: total ?? '?', words: words(done, total) });
    },
    stop: () => bar.stop(),
  };
}
