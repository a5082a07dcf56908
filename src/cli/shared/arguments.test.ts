import { Readable } from 'node:stream';
import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  duration,
  finiteNumber,
  moment,
  numberOrDefault,
  numberOrNone,
  numberWithin,
  secretKeyFrom,
  wholeSeconds,
} from './arguments.ts';

describe('a SecretKey', () => {
  it('is what was given, or the first line of standard input', async () => {
    expect(await secretKeyFrom('given')).toBe('given');
    expect(await secretKeyFrom('-', Readable.from(['the', 'key\r\n', 'more\n']))).toBe('thekey');
    await expect(secretKeyFrom('-', Readable.from(['\n']))).rejects.toMatchObject({
      reason: 'secret_key_missing',
    });
  });
});

describe('texts', () => {
  it.each<[string, (text: string) => unknown, string, unknown]>([
    ['a number', numberOrNone, '2.5', 2.5],
    ['no number', numberOrNone, 'none', null],
    ['a negative number', finiteNumber, '-.5', -0.5],
    ['a number with an exponent', finiteNumber, '1e-3', 0.001],
    ['the lowest', numberWithin(0, 65_535, true), '0', 0],
    ['the highest', numberWithin(0, 65_535, true), '65535', 65_535],
    ['the default', numberOrDefault, 'default', null],
    ['seconds', duration, '90s', 90],
    ['minutes', duration, '30m', 1800],
    ['hours', duration, '12h', 43_200],
    ['days', duration, '7d', 604_800],
    ['whole seconds', wholeSeconds, '3600', 3600],
    ['a day', moment, '2026-11-23', new Date('2026-11-23T00:00:00Z')],
    ['a time elsewhere', moment, '2026-11-23T10:00+08:00', new Date('2026-11-23T02:00:00Z')],
  ])('%s', (_what, parse, text, value) => {
    expect(parse(text)).toEqual(value);
  });

  it.each<[(text: string) => unknown, string]>([
    [numberOrNone, ''],
    [numberOrNone, 'default'],
    [numberOrNone, 'Infinity'],
    [numberOrDefault, 'none'],
    [finiteNumber, '0x50'],
    [finiteNumber, ' '],
    [finiteNumber, '1e999'],
    [numberWithin(0, 100), '100.1'],
    [numberWithin(1, 256, true), '1.5'],
    [numberOrDefault, 'ten'],
    [duration, '7'],
    [duration, '1.5h'],
    [duration, '7w'],
    [wholeSeconds, '0'],
    [wholeSeconds, '1.5'],
    [moment, '2026-02-30T00:00'],
    [moment, '23.11.2026'],
  ])('%s refuses %j', (parse, text) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
  });
});
