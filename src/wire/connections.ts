import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

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
   * Closes connections without a request: those that never sent a byte and those whose last answer is out at once, those
   * that have begun to send half a second after the first call.
   */
  closeIdle(): void;
  /** Closes every connection, whatever it is doing. */
  closeAll(): void;
}

/** How long a request that is only arriving may still complete once connections are being closed, in ms. */
const arriving = 500;

/**
 * Follows the connections of a server. Node's own `closeIdleConnections` keeps connections that were opened and never used
 * (load balancers and browsers keep some in reserve), so a drain would wait for them until its bound.
 */
export function trackConnections(server: Server): Connections {
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
  server.on('connection', (socket: Socket) => {
    hold(accepted, socket);
    if (!tls) hold(open, socket);
  });
  server.on('secureConnection', (socket: Duplex) => hold(open, socket));

  return {
    begin: (ongoing) => void busy.set(ongoing.request.socket, ongoing),
    ongoing: (socket) => busy.get(socket),
    closeIdle() {
      since ??= performance.now();
      const late = performance.now() - since > arriving;
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
