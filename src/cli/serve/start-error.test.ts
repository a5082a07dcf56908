import { expect, it } from 'vitest';
import { StartError } from './start-error.ts';

const of = (code: string, what = 'port') => {
  return StartError.ofListening(what, '127.0.0.1', 80, Object.assign(new Error('x'), { code })).message;
};

it.each([
  ['EADDRINUSE', 'the port 80 on 127.0.0.1 is in use: stop what uses it, or choose another with --port'],
  ['EACCES', 'the port 80 on 127.0.0.1 may not be used by this user: choose one above 1023 with --port'],
  ['EADDRNOTAVAIL', 'the port 80 on 127.0.0.1: this machine has no such address (EADDRNOTAVAIL)'],
  ['ENOTFOUND', 'the port 80 on 127.0.0.1: this machine has no such address (ENOTFOUND)'],
  ['EIO', 'the port 80 on 127.0.0.1 cannot be listened on (EIO)'],
])('%s', (code, text) => expect(of(code)).toContain(text));

it('names the option of the admin port', () => {
  expect(of('EADDRINUSE', 'admin port')).toContain('the admin port 80 on 127.0.0.1 is in use');
  expect(of('EADDRINUSE', 'admin port')).toContain('with --admin-port');
});
