import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** When a caller that does not take its answers is let go. */
export interface UnreadOptions {
  /** How long nothing may be taken of what lies ready, in ms. */
  readonly unreadTimeout: number;
  /** How often connections are looked at, in ms. */
  readonly checkInterval: number;
  /** Called with each connection that was closed. */
  readonly onUnread: (socket: Socket) => void;
}

/** What a connection had taken when it last took something. */
interface Seen {
  readonly taken: number;
  readonly at: number;
}

/**
 * Closes connections whose callers do not read: those with bytes of an answer that wait here, because the
 * system takes no more, and of which none was taken for `unreadTimeout`. Bytes count as taken once the write
 * they are part of is done, an answer's mostly, so one that is read byte by byte counts as not read. The
 * runtime's own time-out starts anew with each byte that the caller sends.
 */
export function closeUnread(server: Server, options: UnreadOptions): void {
  const { unreadTimeout, checkInterval, onUnread } = options;
  const open = new Set<Socket>();
  const waiting = new WeakMap<Socket, Seen>();

  server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });

  const look = (socket: Socket, now: number) => {
    if (socket.writableLength === 0) {
      waiting.delete(socket);
      return;
    }
    const taken = socket.bytesWritten - socket.writableLength;
    const seen = waiting.get(socket);
    if (seen === undefined || seen.taken !== taken) waiting.set(socket, { taken, at: now });
    else if (now - seen.at >= unreadTimeout) {
      socket.destroy();
      onUnread(socket);
    }
  };
  const timer = setInterval(() => {
    const now = performance.now();
    for (const socket of open) look(socket, now);
  }, checkInterval);
  timer.unref();
  server.once('close', () => clearInterval(timer));
}
