/** Fetches the picture behind a caller's url. */
export interface Downloader {
  /**
   * The body of the answer, in memory of its own, judged by nobody yet.
   * @throws Fault -5805, `reason` one of `DownloadRefusal`; AbortError when `signal` was aborted
   */
  download(url: URL, signal: AbortSignal): Promise<Uint8Array>;
}
