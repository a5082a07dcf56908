import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchTrack } from './track.ts';

class StandInTrack extends EventTarget {
  muted = false;
}

let told: string[];
let end: AbortController;
const watch = (muted = false) => {
  const track = Object.assign(new StandInTrack(), { muted });
  const reports = {
    silent: (now: boolean) => told.push(`silent ${now}`),
    gone: () => told.push('gone'),
    lost: () => told.push('lost'),
  };
  watchTrack(track as unknown as MediaStreamTrack, reports, end.signal);
  return (name: string) => track.dispatchEvent(new Event(name));
};

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  end = new AbortController();
});
afterEach(() => vi.useRealTimers());

describe('a track', () => {
  it('that falls silent for a moment is not told', () => {
    const happen = watch();
    happen('mute');
    vi.advanceTimersByTime(1000);
    happen('unmute');
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(['silent false']);
  });

  it('that stays silent is told, and given up after a quarter of a minute', () => {
    watch(true);
    vi.advanceTimersByTime(2000);
    expect(told).toEqual(['silent true']);
    vi.advanceTimersByTime(14_000);
    expect(told).toEqual(['silent true', 'gone']);
  });

  it('that ends is told, and nothing is once the watch is over', () => {
    const happen = watch();
    happen('ended');
    happen('mute');
    end.abort();
    happen('ended');
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(['lost']);
  });
});
