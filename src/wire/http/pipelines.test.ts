import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPipelines, type PipelineLimits } from './pipelines.ts';

/** As much of a socket as is looked at. */
class Wire extends EventEmitter {
  destroyed = false;
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }
}

function world(limits: Partial<PipelineLimits> = {}) {
  const pipelines = createPipelines({ maxPipelined: 3, maxPipelinedInAll: 10, ...limits });
  const ask = (socket: Wire) => {
    const request = { socket } as unknown as IncomingMessage;
    const response = new EventEmitter() as unknown as ServerResponse;
    return { request, response, arrival: pipelines.arrive(request, response) };
  };
  return {
    pipelines,
    ask,
    arrivals: (socket: Wire, count: number) => Array.from({ length: count }, () => ask(socket).arrival),
  };
}

describe('requests behind each other', () => {
  it('are worked on up to the limit, then one is refused and the rest dropped', () => {
    const { arrivals } = world();
    expect(arrivals(new Wire(), 6)).toEqual(['serve', 'serve', 'serve', 'refuse', 'drop', 'drop']);
  });

  it('one after the other are worked on without end', () => {
    const { ask, pipelines } = world();
    const socket = new Wire();
    for (let count = 0; count < 100; count++) {
      const [first, second] = [ask(socket), ask(socket)];
      expect([first.arrival, second.arrival]).toEqual(['serve', 'serve']);
      first.response.emit('close');
      second.response.emit('close');
    }
    expect(pipelines.behind).toBe(0);
  });

  it('behind the last answer of a connection are dropped, that one itself is not', () => {
    const { ask, pipelines } = world();
    const socket = new Wire();
    const { request } = ask(socket);
    pipelines.endAt(request);
    expect([ask(socket).arrival, socket.destroyed]).toEqual(['drop', false]);
    const early = { socket: new Wire() } as unknown as IncomingMessage;
    pipelines.endAt(early);
    expect(pipelines.arrive(early, new EventEmitter() as unknown as ServerResponse)).toBe('serve');
  });

  it('that are dropped in great number end the connection', () => {
    const { arrivals } = world({ maxPipelinedInAll: 1e6 });
    const socket = new Wire();
    arrivals(socket, 4 + 1024);
    expect(socket.destroyed).toBe(false);
    arrivals(socket, 1);
    expect(socket.destroyed).toBe(true);
    expect(arrivals(socket, 1)).toEqual(['drop']);
  });

  it('on all connections together: the longest line is closed for a shorter one', () => {
    const { arrivals, pipelines } = world({ maxPipelined: 8, maxPipelinedInAll: 10 });
    const [greedy, quiet] = [new Wire(), new Wire()];
    expect(arrivals(greedy, 8)).toEqual(Array(8).fill('serve'));
    expect(arrivals(new Wire(), 4)).toEqual(Array(4).fill('serve'));
    expect(pipelines.behind).toBe(10);
    expect(arrivals(quiet, 2)).toEqual(['serve', 'serve']);
    expect([greedy.destroyed, quiet.destroyed, pipelines.behind]).toEqual([true, false, 4]);
  });

  it('a connection with one request at a time is never touched, however many others there are', () => {
    const { arrivals } = world({ maxPipelinedInAll: 2 });
    expect(arrivals(new Wire(), 3)).toEqual(['serve', 'serve', 'serve']);
    for (let count = 0; count < 50; count++) expect(arrivals(new Wire(), 1)).toEqual(['serve']);
  });

  it('whatever happens, never more than the limits, and nothing is left once all connections are closed', () => {
    const step = fc.record({
      act: fc.constantFrom('ask', 'ask', 'ask', 'answer', 'close', 'end'),
      who: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const { ask, pipelines } = world();
        const sockets = Array.from({ length: 6 }, () => new Wire());
        const open = sockets.map(() => [] as ReturnType<typeof ask>[]);
        for (const { act, who } of steps) {
          const socket = sockets[who] as Wire;
          const own = open[who] ?? [];
          if (act === 'ask') {
            const one = ask(socket);
            if (one.arrival !== 'drop') own.push(one);
          } else if (act === 'answer') own.shift()?.response.emit('close');
          else if (act === 'close') socket.destroy();
          else if (own[0] !== undefined) pipelines.endAt(own[0].request);
          expect(pipelines.behind).toBeGreaterThanOrEqual(0);
          // The refusal that ends a connection may be one more, on each.
          expect(pipelines.behind).toBeLessThanOrEqual(10 + sockets.length);
        }
        for (const socket of sockets) socket.destroy();
        expect(pipelines.behind).toBe(0);
      }),
    );
  });
});
