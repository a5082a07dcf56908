import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Crowding, createConnectionPermits, type PermitOptions } from './connection-permits.ts';

/** The request that a connection is busy with. */
export interface Ongoing {
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Knows every open connection and what it is busy with. */
export interface Connections {
  /** Notes that a request began on its connection. */
  begin(ongoing: Ongoing): void;
  /** The request that began last on this connection. */
  ongoing(socket: Duplex): Ongoing | undefined;
  /**
   * Closes connections without a request: those that never sent a byte and those whose last answer is out at
   * once, those that have begun to send half a second after the first call.
   */
  closeIdle(): void;
  /** Closes every connection, whatever it is doing. */
  closeAll(): void;
  /** The connection that a TLS socket lies on, its handshake done or not. */
  beneath(socket: Socket): Socket | undefined;
  /** How many are open now, and since the start: how many found no place, how many idle ones made room. */
  readonly counts: Crowding;
}

/** How long a request that is only arriving may still complete once connections are being closed, in ms. */
const ARRIVING = 500;

/**
 * Follows the connections of a server, and closes new ones at once that there is no place for. Node's own
 * `closeIdleConnections` keeps connections that were opened and never used (load balancers and browsers keep
 * some in reserve), so a drain would wait for them until its bound.
 */
export function trackConnections(server: Server, options: PermitOptions): Connections {
  const permits = createConnectionPermits(options);
  /** What was accepted, TLS handshake done or not. */
  const accepted = new Set<Socket>();
  /** What can carry requests: the same sockets without TLS, those inside them with it. */
  const open = new Set<Duplex>();
  const busy = new WeakMap<Duplex, Ongoing>();
  let since: number | undefined;

  const hold = <S extends Duplex>(set: Set<S>, socket: S) => {
    set.add(socket);
    socket.once('close', () => set.delete(socket));
  };
  const tls = 'setSecureContext' in server;
  /** With TLS the socket that was accepted, by the one inside it; both know the caller's port. */
  const outer = new WeakMap<Duplex, Socket>();
  const shaking = new Map<string, Socket>();
  const callerOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;

  server.on('connection', (socket: Socket) => {
    if (!permits.take(socket)) {
      socket.destroy();
      return;
    }
    hold(accepted, socket);
    socket.once('close', () => permits.release(socket));
    if (tls) {
      const caller = callerOf(socket);
      shaking.set(caller, socket);
      socket.once('close', () => shaking.delete(caller));
      // A handshake that is under way is not worth more than a connection that waits for its next request.
      permits.idle(socket, () => true);
    } else {
      hold(open, socket);
      outer.set(socket, socket);
      permits.idle(socket, () => socket.bytesRead === 0);
    }
  });
  server.on('secureConnection', (socket: Socket) => {
    hold(open, socket);
    const accepted = shaking.get(callerOf(socket));
    if (accepted === undefined) return;
    shaking.delete(callerOf(socket));
    outer.set(socket, accepted);
    permits.idle(accepted, () => socket.bytesRead === 0);
  });

  return {
    get counts() {
      return permits.counts;
    },
    begin(ongoing) {
      const { socket } = ongoing.request;
      busy.set(socket, ongoing);
      const place = outer.get(socket);
      if (place === undefined) return;
      permits.busy(place);
      ongoing.response.once('close', () => {
        // Another request may stand behind this one already.
        if (busy.get(socket) !== ongoing) return;
        const { bytesRead } = socket;
        permits.idle(place, () => socket.bytesRead === bytesRead);
      });
    },
    ongoing: (socket) => busy.get(socket),
    beneath: (socket) => outer.get(socket) ?? shaking.get(callerOf(socket)),
    closeIdle() {
      since ??= performance.now();
      const late = performance.now() - since > ARRIVING;
      for (const socket of open) {
        const last = busy.get(socket);
        const silent = last === undefined && (socket as Socket).bytesRead === 0;
        const answered = last?.response.writableFinished === true;
        if (silent || (late && (last === undefined || answered))) socket.destroy();
      }
      server.closeIdleConnections();
    },
    closeAll() {
      server.closeAllConnections();
      for (const socket of accepted) socket.destroy();
    },
  };
}
