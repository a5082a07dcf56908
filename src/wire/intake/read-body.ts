import type { IncomingMessage } from 'node:http';
import { Fault } from '../../faults.ts';
import type { BodyHold, BodyMemory } from './body-memory.ts';

/** The caller went away before its request was complete; there is nobody to answer. */
export class RequestAborted extends Error {
  constructor() {
    super('The caller closed the connection before the request was complete.');
    this.name = 'RequestAborted';
  }
}

/**
 * Refuses a request that announces a body over `limit` bytes, before anything of it is read.
 * @throws {Fault} `body_too_large` `too_large`
 */
export function checkAnnouncedSize(request: IncomingMessage, limit: number): void {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) throw tooLarge(`${announced} bytes announced`, limit);
}

/**
 * Reads a whole body of at most `limit` bytes, counted as received, and works with it; one that passes the
 * limit is refused at that very byte, with or without `Content-Length`. The bytes belong to `use` until it is
 * done, and to another request afterwards.
 * @param owner whose share of the memory it takes
 * @throws {Fault} `body_too_large` `too_large`; `busy` `body_memory`, `body_share`
 * @throws {RequestAborted} when the caller went away
 * @throws {Error} what `use` throws
 */
export async function withBody<T>(
  memory: BodyMemory,
  request: IncomingMessage,
  { limit, owner }: { readonly limit: number; readonly owner: string },
  use: (body: Buffer, hold: BodyHold) => Promise<T>,
): Promise<T> {
  let giveUp = (_why: Fault) => {};
  const length = request.headers['content-length'];
  const announced = length === undefined ? undefined : Math.min(limit, Number(length));
  const hold = memory.open({ owner, announced, most: limit, giveUp: (why) => giveUp(why) });
  try {
    await new Promise<void>((resolve, reject) => {
      const settle = readInto(hold, request, limit, resolve, reject);
      giveUp = (why) => settle(() => reject(why));
    });
    return await use(hold.whole(), hold);
  } finally {
    hold.release();
  }
}

/** Reads until the body is whole or something is wrong with it; the result ends it early. */
function readInto(
  hold: BodyHold,
  request: IncomingMessage,
  limit: number,
  resolve: () => void,
  reject: (why: Error) => void,
): (act: () => void) => void {
  let received = 0;
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
    received += chunk.length;
    if (received > limit) {
      settle(() => reject(tooLarge(`more than ${limit} bytes received`, limit)));
      return;
    }
    try {
      hold.take(chunk);
    } catch (why) {
      settle(() => reject(why as Fault));
    }
  };
  const onEnd = () => settle(resolve);
  const onGone = () => settle(() => reject(new RequestAborted()));
  request.on('data', onData);
  request.on('end', onEnd);
  request.on('error', onGone);
  request.on('close', onGone);
  return settle;
}

/**
 * What decoding a body holds beside it until its request is answered: of JSON the base64 text and the picture
 * in it, each at most as large as the body; parts of a form and bare pictures are used where they stand.
 */
export function decodingBytes(contentType: string | undefined, body: Buffer): number {
  const type = (contentType ?? '').trimStart().replace('"', '').trimStart().slice(0, 16).toLowerCase();
  return type === 'application/json' ? Math.ceil(body.length * 1.75) : 0;
}

function tooLarge(found: string, limit: number): Fault {
  return new Fault('body_too_large', 'too_large', `The body must be at most ${limit} bytes; ${found}.`);
}
