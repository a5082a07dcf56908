import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Service } from '../serve/service.ts';
import { endOnSignals } from './until-signal.ts';

function running(stop: () => Promise<number>) {
  const signals = new EventEmitter();
  const seen: string[] = [];
  const service = {
    stop,
    reloadTls: async () => void seen.push('reload'),
  } as Partial<Service> as Service;
  const log = pino(
    {},
    { write: (line: string) => void seen.push(String((JSON.parse(line) as { event: string }).event)) },
  );
  endOnSignals(service, log, {
    on: (event, handler) => void signals.on(event, handler),
    exit: (status) => void seen.push(`exit ${status}`),
    flush: () => void seen.push('flush'),
  });
  return { signals, seen };
}

describe('endOnSignals', () => {
  it.each(['SIGTERM', 'SIGINT'])('%s: drains, then ends with 0', async (signal) => {
    const { signals, seen } = running(async () => 0);
    signals.emit(signal);
    await expect.poll(() => seen).toEqual(['draining', 'stopped', 'flush', 'exit 0']);
  });

  it('a second signal ends at once with 1', () => {
    const { signals, seen } = running(() => new Promise(() => {}));
    signals.emit('SIGTERM');
    signals.emit('SIGINT');
    expect(seen).toEqual(['draining', 'killed', 'flush', 'exit 1']);
  });

  it.each(['uncaughtException', 'unhandledRejection'])('%s: drains, then ends with 1', async (event) => {
    const { signals, seen } = running(async () => 0);
    signals.emit(event, new Error('nobody caught it'));
    await expect.poll(() => seen).toEqual(['uncaught', 'draining', 'stopped', 'flush', 'exit 1']);
  });

  it('an error while it ends already changes nothing', async () => {
    const { signals, seen } = running(async () => 0);
    signals.emit('SIGTERM');
    signals.emit('uncaughtException', new Error('x'));
    await expect.poll(() => seen).toEqual(['draining', 'uncaught', 'stopped', 'flush', 'exit 0']);
  });

  it('ends with 1 when not everything could be closed', async () => {
    const { signals, seen } = running(() => Promise.reject(new Error('stuck')));
    signals.emit('SIGTERM');
    await expect.poll(() => seen).toEqual(['draining', 'stop_failed', 'flush', 'exit 1']);
  });

  it('SIGHUP reads the certificate anew', () => {
    const { signals, seen } = running(async () => 0);
    signals.emit('SIGHUP');
    expect(seen).toEqual(['tls_reload', 'reload']);
  });
});
