import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { asFault, Fault, revivedFault, UsageError } from './faults.ts';

describe('a fault', () => {
  it('is an error with kind, reason, area and cause', () => {
    const cause = new Error('deep');
    const fault = new Fault('download_refused', 'http_404', 'not there', { cause, retryAfter: 3 });
    expect(fault).toBeInstanceOf(Error);
    expect(fault).toMatchObject({
      name: 'Fault',
      kind: 'download_refused',
      reason: 'http_404',
      message: 'not there',
      area: 'source',
      retryable: false,
      retryAfter: 3,
      cause,
    });
    expect(String(fault)).toBe('Fault: not there');
    expect('cause' in new Fault('no_face', 'no_face', 'x')).toBe(false);
  });

  it('that is an answer has no stack; one of the service itself says where it was made', () => {
    expect(new Fault('busy', 'queue_full', 'x').stack).toBeUndefined();
    expect(inspect(new Fault('busy', 'queue_full', 'no room'))).toContain('no room');
    const ours = new Fault('engine_failed', 'engine_failed', 'x');
    expect(ours.stack).toMatch(/^Fault: x\n +at .*faults\.test\.ts/);
  });

  it('changes nothing of the process', () => {
    const { stackTraceLimit } = Error;
    const seen: number[] = [];
    Object.defineProperty(Error, 'stackTraceLimit', {
      configurable: true,
      get: () => stackTraceLimit,
      set: (value: number) => seen.push(value),
    });
    try {
      new Fault('busy', 'queue_full', 'x');
      new Fault('internal', 'internal', 'x');
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', {
        configurable: true,
        writable: true,
        value: stackTraceLimit,
      });
    }
    expect(seen).toEqual([]);
  });

  it('comes through a process as what it was', () => {
    const { kind, reason, message } = new Fault('busy', 'queue_share', 'x');
    expect(revivedFault(structuredClone({ kind, reason, message }))).toMatchObject({
      kind: 'busy',
      reason: 'queue_share',
      retryable: true,
    });
  });

  it('is what becomes of an error that nobody foresaw', () => {
    const fault = new Fault('no_face', 'no_face', 'x');
    expect(asFault(fault)).toBe(fault);
    const error = new TypeError('odd');
    expect(asFault(error)).toMatchObject({ kind: 'internal', message: 'odd', cause: error });
    expect(asFault(null)).toMatchObject({ kind: 'internal', message: 'null' });
  });
});

it('a usage error keeps its cause', () => {
  const cause = new Error('deep');
  expect(new UsageError('r', 'm', { cause })).toMatchObject({ name: 'UsageError', cause, reason: 'r' });
  expect('cause' in new UsageError('r', 'm')).toBe(false);
});
