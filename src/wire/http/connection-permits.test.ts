import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type Crowding, createConnectionPermits } from './connection-permits.ts';

/** As much of a socket as places look at. */
class FakeSocket extends EventEmitter {
  destroyed = false;
  readonly remoteAddress: string;
  constructor(address: string) {
    super();
    this.remoteAddress = address;
  }
  destroy(): void {
    this.destroyed = true;
  }
}
const from = (address: string) => new FakeSocket(address) as unknown as Socket;
const isClosed = (socket: Socket) => socket.destroyed;

function placesFor(maxConnections: number, maxConnectionsPerAddress: number) {
  const told: Crowding[] = [];
  const onCrowded = (crowding: Crowding) => told.push(crowding);
  const trustedProxies = ['192.0.2.0/24'];
  const permits = createConnectionPermits({
    maxConnections,
    maxConnectionsPerAddress,
    trustedProxies,
    onCrowded,
  });
  /** A connection that asks for nothing. */
  const idle = (address: string, still = () => true) => {
    const socket = from(address);
    expect(permits.take(socket)).toBe(true);
    permits.idle(socket, still);
    return socket;
  };
  return { permits, told, idle };
}

describe('places for connections', () => {
  it('the one that is idle longest is closed for a new one', () => {
    const { permits, idle } = placesFor(3, 3);
    const [first, second, third] = [idle('10.0.0.1'), idle('10.0.0.2'), idle('10.0.0.3')];
    permits.busy(first);
    permits.idle(first, () => true);
    idle('10.0.0.4');
    expect([first, second, third].map(isClosed)).toEqual([false, true, false]);
  });

  it('those that are busy never do: the newcomer is refused', () => {
    const { permits, idle } = placesFor(2, 2);
    const [first, second] = [idle('10.0.0.1'), idle('10.0.0.2')];
    for (const one of [first, second]) permits.busy(one);
    expect(permits.take(from('10.0.0.3'))).toBe(false);
    expect([first, second].map(isClosed)).toEqual([false, false]);
    permits.release(first);
    permits.release(first);
    expect([permits.take(from('10.0.0.3')), permits.take(from('10.0.0.4'))]).toEqual([true, false]);
  });

  it('nor do those whose next request has begun to arrive', () => {
    const { idle } = placesFor(2, 2);
    const [arriving, waiting] = [idle('10.0.0.1', () => false), idle('10.0.0.2')];
    idle('10.0.0.3');
    expect([arriving, waiting].map(isClosed)).toEqual([false, true]);
  });

  it('an address over its share has its own idle ones closed, and gets no more', () => {
    const { permits, idle } = placesFor(10, 2);
    const other = idle('10.0.0.1');
    const [first, second] = [idle('10.0.0.2'), idle('10.0.0.2')];
    const third = idle('10.0.0.2');
    expect([other, first, second, third].map(isClosed)).toEqual([false, true, false, false]);
    for (const one of [second, third]) permits.busy(one);
    expect(permits.take(from('10.0.0.2'))).toBe(false);
    expect(isClosed(other)).toBe(false);
  });

  it('a trusted proxy has as many as there are', () => {
    const { idle } = placesFor(10, 2);
    const many = Array.from({ length: 10 }, () => idle('192.0.2.1'));
    expect(many.some(isClosed)).toBe(false);
  });

  it('tells how often it came to this, and not each time', () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(1000);
    const { permits, told, idle } = placesFor(1, 1);
    for (let count = 0; count < 4; count++) idle('10.0.0.1');
    expect(told).toEqual([{ open: 0, refused: 0, closedIdle: 1 }]);
    now.mockReturnValue(11_000);
    permits.busy(idle('10.0.0.1'));
    expect(permits.take(from('10.0.0.1'))).toBe(false);
    expect(told).toEqual([
      { open: 0, refused: 0, closedIdle: 1 },
      { open: 0, refused: 0, closedIdle: 3 },
    ]);
    now.mockRestore();
  });

  it('never has more than allowed, and forgets none, whatever comes', () => {
    const step = fc.tuple(fc.constantFrom('take', 'idle', 'busy', 'release'), fc.nat(3), fc.nat(30));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { permits } = placesFor(6, 3);
        const sockets: Socket[] = [];
        const released = new Set<Socket>();
        for (const [what, host, at] of steps) {
          const socket = sockets[at % Math.max(1, sockets.length)];
          if (what === 'take') {
            const next = from(`10.0.0.${host}`);
            if (permits.take(next)) sockets.push(next);
          } else if (socket !== undefined && what === 'idle') permits.idle(socket, () => true);
          else if (socket !== undefined && what === 'busy') permits.busy(socket);
          else if (socket !== undefined) {
            permits.release(socket);
            released.add(socket);
          }
          const open = sockets.filter((one) => !isClosed(one) && !released.has(one));
          const counts = [0, 1, 2, 3].map(
            (n) => open.filter((one) => one.remoteAddress === `10.0.0.${n}`).length,
          );
          expect(open.length).toBeLessThanOrEqual(6);
          expect(Math.max(...counts)).toBeLessThanOrEqual(3);
        }
        for (const socket of sockets) permits.release(socket);
        // All are free again: as many fit as at the beginning.
        const fits = Array.from({ length: 8 }, (_, at) => permits.take(from(`10.1.${at}.1`)));
        expect(fits.filter(Boolean)).toHaveLength(6);
      }),
    );
  });
});
