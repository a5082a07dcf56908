/** Milliseconds without a picture before the hint, and before the camera is given up. */
const HINT_AFTER = 1500;
const END_AFTER = 15_000;

/** What a track can tell while it runs. */
export interface TrackReports {
  /** It sends no picture for the moment (true), or does again (false). */
  silent(silent: boolean): void;
  /** It has sent none for long. */
  gone(): void;
  /** It ended by itself: unplugged, taken away, permission withdrawn. */
  lost(): void;
}

/** Watches a track until `signal` is aborted. */
export function watchTrack(track: MediaStreamTrack, reports: TrackReports, signal: AbortSignal): void {
  const timers: ReturnType<typeof setTimeout>[] = [];
  const clear = () => {
    for (const timer of timers.splice(0)) clearTimeout(timer);
  };
  const muted = () => {
    clear();
    timers.push(setTimeout(() => reports.silent(true), HINT_AFTER));
    timers.push(setTimeout(() => reports.gone(), END_AFTER));
  };
  const unmuted = () => {
    clear();
    reports.silent(false);
  };
  track.addEventListener('mute', muted, { signal });
  track.addEventListener('unmute', unmuted, { signal });
  track.addEventListener('ended', () => reports.lost(), { signal });
  signal.addEventListener('abort', clear);
  if (track.muted) muted();
}
