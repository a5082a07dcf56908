import type { IncomingMessage } from 'node:http';
import { Fault } from '../errors.ts';
import type { BodyHold, BodyMemory } from './body-memory.ts';

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
 * Reads a whole body of at most `limit` bytes, counted as received, and works with it; one that passes the limit is refused at that very
 * byte, with or without `Content-Length`. The bytes belong to `use` until it is done, and to another request afterwards.
 * @throws Fault 23 `too_large`, -5802 `body_memory`; RequestAborted; what `use` throws
 */
export async function withBody<T>(
  memory: BodyMemory,
  request: IncomingMessage,
  limit: number,
  use: (body: Buffer) => Promise<T>,
): Promise<T> {
  let giveUp = (_why: Fault) => {};
  const hold = memory.open((why) => giveUp(why));
  try {
    const body = await new Promise<Buffer>((resolve, reject) => {
      const settle = readInto(hold, request, limit, resolve, reject);
      giveUp = (why) => settle(() => reject(why));
    });
    hold.whole();
    return await use(body);
  } finally {
    hold.release();
  }
}

/** Reads until the body is whole or something is wrong with it; the result ends it early. */
function readInto(
  hold: BodyHold,
  request: IncomingMessage,
  limit: number,
  resolve: (body: Buffer) => void,
  reject: (why: Error) => void,
): (act: () => void) => void {
  // Pages of a large allocation that were never written cost no memory, so a slow sender of a big length holds little.
  const announced = request.headers['content-length'];
  let room = hold.room(announced === undefined ? firstRoom : Math.min(limit, Number(announced)));
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
    try {
      hold.arrived(chunk.length);
    } catch (why) {
      settle(() => reject(why as Fault));
      return;
    }
    if (next > room.length) {
      const bigger = hold.room(Math.min(limit, Math.max(next, room.length * 2)));
      room.copy(bigger, 0, 0, used);
      room = bigger;
    }
    chunk.copy(room, used);
    used = next;
  };
  const onEnd = () => settle(() => resolve(room.subarray(0, used)));
  const onGone = () => settle(() => reject(new RequestAborted()));
  request.on('data', onData);
  request.on('end', onEnd);
  request.on('error', onGone);
  request.on('close', onGone);
  return settle;
}

function tooLarge(found: string, limit: number): Fault {
  return new Fault(23, 'too_large', `The body must be at most ${limit} bytes; ${found}.`);
}
