import { type Advice, hintFor, Steadiness } from './hints.ts';
import type { ErrorKind } from './kinds.ts';
import { cameraFacts, type OpenCamera, openCamera } from './open.ts';
import { SeriesError, takeStills } from './still.ts';
import { watchTrack } from './track.ts';
import type { Reading, Series, SeriesFacts, StillFacts } from './types.ts';
import { Watch } from './watch.ts';

/** What a capture reports. */
export interface CaptureReports {
  advice(advice: Advice, reading: Reading | null): void;
  /** The camera broke off; the capture is over. */
  broken(kind: ErrorKind): void;
  /** The still with this index has just been taken. */
  taken(index: number): void;
}

/** One time that the camera is on: from the permission to the stills or to a fault. */
export class Capture {
  readonly #video: HTMLVideoElement;
  readonly #reports: CaptureReports;
  readonly #end = new AbortController();
  #camera: OpenCamera | null = null;
  #watch: Watch | null = null;
  #reading: Reading | null = null;
  #silent = false;

  constructor(video: HTMLVideoElement, reports: CaptureReports) {
    this.#video = video;
    this.#reports = reports;
  }

  /**
   * Asks for the camera and begins to look at it.
   * @throws RefusalError; an AbortError where it was closed meanwhile
   */
  async open(): Promise<void> {
    const { signal } = this.#end;
    const camera = await openCamera(this.#video, signal);
    this.#camera = camera;
    const steadiness = new Steadiness();
    const advise = () => {
      if (this.#silent) return this.#reports.advice({ hint: 'no_signal', held: 0 }, null);
      if (this.#reading === null) return;
      this.#reports.advice(steadiness.next(hintFor(this.#reading), performance.now()), this.#reading);
    };
    const end = (kind: ErrorKind) => {
      this.close();
      this.#reports.broken(kind);
    };
    const silent = (now: boolean) => {
      this.#silent = now;
      advise();
    };
    watchTrack(
      camera.track,
      { silent, gone: () => end('camera_muted'), lost: () => end('camera_lost') },
      signal,
    );
    this.#watch = new Watch(this.#video, (reading) => {
      this.#reading = reading;
      advise();
    });
    this.#watch.start();
  }

  /**
   * Takes the stills and turns the camera off.
   * @throws SeriesError; an AbortError where it was closed meanwhile
   */
  async take(count: number, startedBy: SeriesFacts['startedBy']): Promise<Series> {
    const camera = this.#camera;
    if (camera === null) throw new SeriesError('camera_lost');
    const startedAt = Date.now();
    const facts = cameraFacts(camera.track);
    const readings: (Reading | null)[] = [];
    try {
      const stills = await takeStills(this.#video, count, this.#end.signal, (index) => {
        readings[index] = this.#reading;
        this.#reports.taken(index);
      });
      const each = stills.map(
        ({ width, height, blob, at }, index): StillFacts => ({
          width,
          height,
          bytes: blob.size,
          takenAfter: Math.round(at - camera.since),
          reading: readings[index],
        }),
      );
      return {
        stills: stills.map(({ blob }) => blob),
        facts: {
          camera: facts,
          startedBy,
          startedAt,
          duration: Math.round(stills[stills.length - 1].at - stills[0].at),
          faceDetector: this.#watch?.hasFaceDetector ?? false,
          orientation: (screen.orientation as ScreenOrientation | undefined)?.type ?? null,
          stills: each,
        },
      };
    } finally {
      this.close();
    }
  }

  /** Turns the camera off; what is under way ends with an AbortError. */
  close(): void {
    this.#end.abort();
    this.#watch?.stop();
    this.#camera?.close();
  }
}
