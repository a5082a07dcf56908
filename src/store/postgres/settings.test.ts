import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, isPostgresUrl, shownAddress } from './settings.ts';
import { settingsFor } from './test-support/settings.ts';

const at = (url: string, parts = {}) => addressOf(settingsFor(url, parts));

describe('the url of a PostgreSQL database', () => {
  it('is taken apart, with escapes, a socket folder and the defaults', () => {
    expect(at('postgres://a%40b:p%3Aw@db.example.org:5433/my%20db')).toMatchObject({
      user: 'a@b',
      password: 'p:w',
      host: 'db.example.org',
      port: 5433,
      database: 'my db',
    });
    expect(at('postgresql://[::1]/x')).toMatchObject({
      host: '::1',
      port: 5432,
      user: 'livestill',
      password: undefined,
    });
    expect(at('postgres:///x?host=/run/postgresql')).toMatchObject({ host: '/run/postgresql', tls: false });
    expect(at('postgres://a:b@h/x', { password: 'other' }).password).toBe('other');
  });

  it.each([
    ['postgres://localhost/x', false],
    ['postgres://127.0.0.1/x', false],
    ['postgres://db.example.org/x', { rejectUnauthorized: true }],
    ['postgres://localhost/x?sslmode=verify-full', { rejectUnauthorized: true }],
    ['postgres://db.example.org/x?sslmode=require', { rejectUnauthorized: false }],
    ['postgres://db.example.org/x?sslmode=disable', false],
  ])('%s decides on TLS', (url, tls) => {
    expect(at(url).tls).toEqual(tls);
  });

  it.each([
    '',
    'postgres://',
    'postgres://h',
    'mysql://h/x',
    'postgres://h/x?sslmode=prefer',
    'postgres://h/x?options=-c%20a',
  ])('%j is refused, and not shown', (url) => {
    expect(isPostgresUrl(url)).toBe(false);
    expect(() => at(url)).toThrow(/not shown/);
  });

  it('is shown without its password, whatever that is', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9]{9,40}$/), (password) => {
        const shown = shownAddress(settingsFor(`postgres://a:${password}@h.example.org/x`));
        expect(shown).toBe('postgres://a@h.example.org:5432/x');
      }),
    );
  });

  it('names a file of authorities that cannot be read', () => {
    expect(() => at('postgres://h.example.org/x', { caFile: '/nowhere.pem' })).toThrow(
      /\/nowhere\.pem cannot be read/,
    );
  });
});
