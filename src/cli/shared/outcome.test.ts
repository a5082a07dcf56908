import { describe, expect, it } from 'vitest';
import { inPlace } from './outcome.ts';

describe('advice in a message', () => {
  it('names the data folder and the configuration that its command was given', () => {
    const advice = 'there is no app "7": "livestill app list" shows those that exist';
    expect(inPlace(advice, {})).toBe(advice);
    expect(inPlace(advice, { data: '/srv/live still' })).toBe(
      'there is no app "7": "livestill app list --data \'/srv/live still\'" shows those that exist',
    );
    expect(inPlace('"livestill key list"', { data: 'd', config: 'c.json' })).toBe(
      '"livestill key list --data d --config c.json"',
    );
    for (const name of ['backup', 'log admin', 'restore']) {
      expect(inPlace(`"livestill ${name}"`, { data: 'd' })).toBe(`"livestill ${name} --data d"`);
    }
  });

  it('leaves alone what names a place already, and commands that work on no data folder', () => {
    const texts = ['"livestill key list --data other"', '"livestill models pull"', 'say "livestill" twice'];
    expect(texts.map((text) => inPlace(text, { data: 'd' }))).toEqual(texts);
  });
});
