/**
 * Waits for the next frame of a playing video that has pixels.
 * @returns false where none came within `patience` milliseconds
 * @throws the signal's reason
 */
export function nextFrame(video: HTMLVideoElement, patience: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const seen = video.currentTime;
    let handle = 0;
    const exact = Reflect.has(video, 'requestVideoFrameCallback');
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      if (exact) video.cancelVideoFrameCallback(handle);
      else cancelAnimationFrame(handle);
    };
    const aborted = () => {
      end();
      reject(signal.reason);
    };
    const look = () => {
      const fresh = exact || video.currentTime !== seen;
      if (!fresh || video.videoWidth === 0) return wait();
      end();
      resolve(true);
    };
    const wait = () => {
      handle = exact ? video.requestVideoFrameCallback(look) : requestAnimationFrame(look);
    };
    const timer = setTimeout(() => {
      end();
      resolve(false);
    }, patience);
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted);
    wait();
  });
}

/**
 * Waits until a video has its first frame. Some browsers do not call back for frames of a video that is covered, so this goes by its
 * events.
 * @returns false where none came within `patience` milliseconds
 * @throws the signal's reason
 */
export function firstFrame(video: HTMLVideoElement, patience: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const listening = new AbortController();
    const end = () => {
      clearTimeout(timer);
      listening.abort();
    };
    const look = () => {
      if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.videoWidth === 0) return;
      end();
      resolve(true);
    };
    const timer = setTimeout(() => {
      end();
      resolve(false);
    }, patience);
    for (const name of ['loadeddata', 'playing', 'resize', 'timeupdate']) {
      video.addEventListener(name, look, { signal: listening.signal });
    }
    const aborted = () => {
      end();
      reject(signal.reason);
    };
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { signal: listening.signal });
    look();
  });
}
