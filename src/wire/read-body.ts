import type { IncomingMessage } from 'node:http';
import { Fault } from '../errors.ts';

/** The caller went away before its request was complete; there is nobody to answer. */
export class RequestAborted extends Error {
  constructor() {
    super('The caller closed the connection before the request was complete.');
    this.name = 'RequestAborted';
  }
}

/** Room that a chunked body starts with, in bytes. */
const firstRoom = 64 * 1024;

/**
 * Refuses a request that announces a body over `limit` bytes, before anything of it is read.
 * @throws Fault 23 `too_large`
 */
export function checkAnnouncedSize(request: IncomingMessage, limit: number): void {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) throw tooLarge(`${announced} bytes announced`, limit);
}

/**
 * Reads a whole body of at most `limit` bytes, counted as received; one that passes the limit is refused at that very
 * byte, with or without `Content-Length`. The bytes lie in memory of their own, never in a shared slab, so
 * that they can be handed to another thread.
 * @throws Fault 23 `too_large`; RequestAborted
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise<Buffer>((resolve, reject) => {
    // Pages of a large allocation that were never written cost no memory, so a slow sender of a big length holds little.
    const announced = request.headers['content-length'];
    let room = Buffer.allocUnsafeSlow(
      announced === undefined ? firstRoom : Math.min(limit, Number(announced)),
    );
    let used = 0;
    const settle = (act: () => void) => {
      request.off('data', onData);
      request.off('end', onEnd);
      request.off('error', onGone);
      request.off('close', onGone);
      // An abort that comes after the answer was decided still emits an error; nobody is interested any more.
      request.on('error', () => {});
      act();
    };
    const onData = (chunk: Buffer) => {
      const next = used + chunk.length;
      if (next > limit) {
        settle(() => reject(tooLarge(`more than ${limit} bytes received`, limit)));
        return;
      }
      if (next > room.length) {
        const bigger = Buffer.allocUnsafeSlow(Math.min(limit, Math.max(next, room.length * 2)));
        room.copy(bigger, 0, 0, used);
        room = bigger;
      }
      chunk.copy(room, used);
      used = next;
    };
    const onEnd = () => settle(() => resolve(used === room.length ? room : room.subarray(0, used)));
    const onGone = () => settle(() => reject(new RequestAborted()));
    request.on('data', onData);
    request.on('end', onEnd);
    request.on('error', onGone);
    request.on('close', onGone);
  });
}

function tooLarge(found: string, limit: number): Fault {
  return new Fault(23, 'too_large', `The body must be at most ${limit} bytes; ${found}.`);
}
