import type { DownloadRefusal } from './download/reasons.ts';

/** How a download went. Never holds the url itself, which may carry a token. */
export interface DownloadEvent {
  /** `reported`: let through by report-only mode alone; `reason` is what it would have been refused for. */
  readonly outcome: 'fetched' | 'refused' | 'aborted' | 'reported';
  readonly reason: DownloadRefusal | null;
  readonly host: string;
  /** The sentence for the operator's log. */
  readonly detail: string | null;
  readonly milliseconds: number;
  /** Bytes of the picture; 0 unless fetched. */
  readonly bytes: number;
}

/** Called at a download's end, and before that for each thing that report-only mode let through. */
export type DownloadObserver = (event: DownloadEvent) => void;

/** For whom something is downloaded. */
export interface DownloadFor {
  /** Whose share of places and memory it uses; nothing for what shares with nobody, such as a batch. */
  readonly app?: string | undefined;
  /** Called for this download alone. */
  readonly observe?: DownloadObserver;
}

/** Fetches the picture behind a caller's url. */
export interface Downloader {
  /**
   * The body of the answer, in memory of its own, judged by nobody yet.
   * @throws {Fault} `download_refused`, `reason` one of `DownloadRefusal`
   * @throws {AbortError} when `signal` was aborted
   */
  download(url: URL, signal: AbortSignal, whom?: DownloadFor): Promise<Uint8Array>;
}
