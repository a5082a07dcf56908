import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** Pictures that arrive one behind the other on a file descriptor. */
export interface PictureInput {
  /**
   * The next so many bytes, once they are there. They lie in memory that the next picture uses again.
   */
  take(bytes: number): Promise<Uint8Array>;
}

/** Bytes read at once. */
const READ_BYTES = 256 * 1024;

/** Reads pictures from a pipe that this process was started with; the memory is used again and again. */
export function createPictureInput(fd: number): PictureInput {
  let picture = Buffer.alloc(0);
  let have = 0;
  let want = Number.POSITIVE_INFINITY;
  let done: ((picture: Uint8Array) => void) | undefined;

  const look = () => {
    if (have < want || done === undefined) return;
    const resolve = done;
    done = undefined;
    const taken = picture.subarray(0, want);
    have = 0;
    want = Number.POSITIVE_INFINITY;
    resolve(taken);
  };
  const grow = (bytes: number) => {
    if (bytes <= picture.length) return;
    const bigger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * picture.length));
    picture.copy(bigger, 0, 0, have);
    picture = bigger;
  };
  const onread: OnReadOpts = {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback(count, chunk) {
      grow(have + count);
      picture.set(chunk.subarray(0, count), have);
      have += count;
      look();
      return true;
    },
  };
  // The types know of `onread` for sockets that connect; the constructor takes it as well, and saves a buffer
  // for each piece read.
  const options: SocketConstructorOpts & { onread: OnReadOpts } = {
    fd,
    readable: true,
    writable: false,
    onread,
  };
  new Socket(options).on('error', () => {});

  return {
    take(bytes) {
      grow(bytes);
      want = bytes;
      return new Promise((resolve) => {
        done = resolve;
        look();
      });
    },
  };
}
