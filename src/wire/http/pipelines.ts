import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How many requests may stand behind each other unanswered, or with answers that nobody has taken yet. */
export interface PipelineLimits {
  /** On one connection, the one being worked on included. */
  readonly maxPipelined: number;
  /** On all connections together, the first one of each not counted. */
  readonly maxPipelinedInAll: number;
}

/**
 * What becomes of a request that has just arrived: worked on, refused as the last one of its connection, or
 * neither read nor answered.
 */
export type Arrival = 'serve' | 'refuse' | 'drop';

/** Bounds what connections have asked for and not been given yet. */
export interface Pipelines {
  arrive(request: IncomingMessage, response: ServerResponse): Arrival;
  /**
   * The answer to this request is the last one on its connection: what stands behind it is dropped (RFC 9112
   * §9.6).
   */
  endAt(request: IncomingMessage): void;
  /** Requests that stand behind others now, on all connections. */
  readonly behind: number;
}

/** One connection's requests. */
interface Line {
  readonly socket: Socket;
  unanswered: number;
  /** The one that is answered last. */
  last: IncomingMessage | undefined;
  /** Behind that one. The runtime keeps them until the connection is closed, so they are bounded too. */
  dropped: number;
}

/**
 * Dropped requests that a connection may hold while its last answer goes out; one with more is closed at
 * once.
 */
const MOST_DROPPED = 1024;

/**
 * Counts requests from their headers until their answers were taken over by the system. The HTTP parser hands
 * over all requests of a packet at once, some thousands in 64 KB, before anything can be done about the
 * connection; each is worth some 5 KB, and its answer. Beyond the connection's limit a request is refused and
 * ends its connection; beyond the one in all, the connection with the longest line is closed.
 */
export function createPipelines({ maxPipelined, maxPipelinedInAll }: PipelineLimits): Pipelines {
  const lines = new WeakMap<Socket, Line>();
  /** Lines with more than one request. */
  const long = new Set<Line>();
  let behind = 0;

  const lengthOf = (line: Line) => Math.max(0, line.unanswered - 1) + line.dropped;
  /** Changes a line and keeps the count of all. */
  const change = (line: Line, act: () => void) => {
    const before = lengthOf(line);
    act();
    const after = lengthOf(line);
    behind += after - before;
    if (after > 0) long.add(line);
    else long.delete(line);
  };
  const lineOf = (socket: Socket): Line => {
    const known = lines.get(socket);
    if (known !== undefined) return known;
    const line: Line = { socket, unanswered: 0, last: undefined, dropped: 0 };
    lines.set(socket, line);
    // Answers that never came to be written do not hear of the connection's end.
    socket.once('close', () => end(line));
    return line;
  };
  const end = (line: Line) =>
    change(line, () => {
      line.unanswered = 0;
      line.dropped = 0;
    });
  const close = (line: Line) => {
    end(line);
    line.socket.destroy();
  };
  /** Closes the longest line where that is longer than this one; false where there is none. */
  const makeRoom = (line: Line): boolean => {
    let longest = line;
    for (const one of long) if (lengthOf(one) > lengthOf(longest)) longest = one;
    if (longest === line) return false;
    close(longest);
    return true;
  };

  const drop = (line: Line): Arrival => {
    if (line.dropped >= MOST_DROPPED || (behind >= maxPipelinedInAll && !makeRoom(line))) close(line);
    else change(line, () => line.dropped++);
    return 'drop';
  };

  return {
    get behind() {
      return behind;
    },
    arrive(request, response) {
      const { socket } = request;
      if (socket.destroyed) return 'drop';
      const line = lineOf(socket);
      if (line.last !== undefined && line.last !== request) return drop(line);
      const isFirst = line.unanswered === 0;
      const refused =
        !isFirst && (line.unanswered >= maxPipelined || (behind >= maxPipelinedInAll && !makeRoom(line)));
      if (refused) line.last = request;
      change(line, () => line.unanswered++);
      response.once('close', () => {
        if (line.unanswered > 0) change(line, () => line.unanswered--);
      });
      return refused ? 'refuse' : 'serve';
    },
    endAt(request) {
      lineOf(request.socket).last ??= request;
    },
  };
}
