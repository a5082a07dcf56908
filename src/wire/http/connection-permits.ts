import type { Socket } from 'node:net';
import { isInNetworks, networksOf } from '../../networks.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { peerGroup } from './peer-group.ts';

/**
 * How many connections there are, and how often there was no place for one, since it was last told or since
 * the start.
 */
export interface Crowding {
  readonly open: number;
  /** New connections that were closed at once. */
  readonly refused: number;
  /** Idle ones that were closed for a new one. */
  readonly closedIdle: number;
}

/** What places are shared out by. */
export interface PermitOptions extends ConnectionLimits {
  /** Proxies, which carry many callers: only the limit in all counts for them. */
  readonly trustedProxies: readonly string[];
  /** Told at most every ten seconds. */
  readonly onCrowded: (crowding: Crowding) => void;
}

/** The places that connections take. */
export interface ConnectionPermits {
  /** Gives a new connection a place, an idle one's if need be; false where there is none. */
  take(socket: Socket): boolean;
  /** Gives a place back; again is no harm. */
  release(socket: Socket): void;
  /**
   * Nothing is asked of this connection now: it may be closed for another. `still` tells whether that is so
   * later too.
   */
  idle(socket: Socket, still: () => boolean): void;
  /** A request began. */
  busy(socket: Socket): void;
  /** How many are open now, and what it came to since the start. */
  readonly counts: Crowding;
}

/**
 * All that is known of the connections of one address, or of all. Sets keep their order: who was idle first
 * stands first.
 */
interface Group {
  open: number;
  readonly idle: Set<Socket>;
}

const TELL_EVERY = 10_000;

/**
 * Shares out places for connections. Where all are taken, the one that has been idle longest is closed for
 * the newcomer; where none is idle, the newcomer is refused. The same holds for the places of one address
 * among themselves. Connections that are sending a request or waiting for an answer are never closed for
 * another.
 */
export function createConnectionPermits(options: PermitOptions): ConnectionPermits {
  const { maxConnections, maxConnectionsPerAddress, onCrowded } = options;
  const proxies = networksOf(options.trustedProxies);
  const all: Group = { open: 0, idle: new Set() };
  const groups = new Map<string, Group>();
  const held = new Map<Socket, string>();
  const stillIdle = new WeakMap<Socket, () => boolean>();
  let [refused, closedIdle, told] = [0, 0, Number.NEGATIVE_INFINITY];
  const sinceStart = { refused: 0, closedIdle: 0 };

  const tell = () => {
    if (performance.now() - told < TELL_EVERY) return;
    told = performance.now();
    onCrowded({ open: all.open, refused, closedIdle });
    [refused, closedIdle] = [0, 0];
  };
  const groupNamed = (name: string): Group => {
    const group = groups.get(name) ?? { open: 0, idle: new Set() };
    groups.set(name, group);
    return group;
  };
  const setBusy = (socket: Socket) => {
    const name = held.get(socket);
    if (name === undefined) return;
    all.idle.delete(socket);
    groups.get(name)?.idle.delete(socket);
  };
  const release = (socket: Socket) => {
    const name = held.get(socket);
    if (name === undefined) return;
    setBusy(socket);
    held.delete(socket);
    all.open--;
    const group = groupNamed(name);
    if (--group.open === 0) groups.delete(name);
  };
  /** Closes the one that has been idle longest; false where none is. */
  const closeOne = (group: Group): boolean => {
    for (const socket of group.idle) {
      // Its next request has begun to arrive.
      if (stillIdle.get(socket)?.() === false) {
        setBusy(socket);
        continue;
      }
      release(socket);
      socket.destroy();
      closedIdle++;
      sinceStart.closedIdle++;
      return true;
    }
    return false;
  };

  return {
    take(socket) {
      const name = peerGroup(socket.remoteAddress);
      const own = groups.get(name);
      const isOverShare =
        own !== undefined &&
        own.open >= maxConnectionsPerAddress &&
        !isInNetworks(proxies, socket.remoteAddress);
      const crowded = isOverShare ? own : all.open >= maxConnections ? all : null;
      const room = crowded === null || closeOne(crowded);
      if (!room) {
        refused++;
        sinceStart.refused++;
      }
      if (crowded !== null) tell();
      if (!room) return false;
      groupNamed(name).open++;
      all.open++;
      held.set(socket, name);
      return true;
    },
    release,
    idle(socket, still) {
      const name = held.get(socket);
      if (name === undefined) return;
      stillIdle.set(socket, still);
      setBusy(socket);
      all.idle.add(socket);
      groupNamed(name).idle.add(socket);
    },
    busy: setBusy,
    get counts() {
      return { open: all.open, ...sinceStart };
    },
  };
}
