import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { humanLog } from './human-log.ts';

function written(use: (log: pino.Logger) => void): string {
  let text = '';
  use(
    pino(
      { timestamp: pino.stdTimeFunctions.isoTime },
      humanLog({
        write: (line) => {
          text += line;
        },
      }),
    ),
  );
  return text.replace(/^\d\d:\d\d:\d\d {2}/gm, '');
}

describe('the log for people', () => {
  it('has a judged request in one short line', () => {
    const text = written((log) =>
      log.info(
        {
          event: 'decision',
          requestId: 'r-1',
          callerAddress: '10.0.0.7',
          claimedAppid: '1',
          appid: '1000001',
          source: 'url:example.org',
          milliseconds: 105.4,
          code: 0,
          http: 200,
          verdict: 'live',
          score: 92,
          steps: { total: 104 },
        },
        'OK',
      ),
    );
    expect(text).toBe('live 92  105 ms  app 1000001  url:example.org  from 10.0.0.7  r-1\n');
  });

  it('has the reason of a refusal in words', () => {
    const text = written((log) =>
      log.info(
        {
          event: 'decision',
          requestId: 'r-2',
          callerAddress: '::1',
          code: 14,
          http: 401,
          milliseconds: 0.4,
          reason: 'hmac',
          detail: 'The HMAC differs.',
        },
        'sign no pass',
      ),
    );
    expect(text).toBe('refused, code 14 (HTTP 401): hmac, The HMAC differs.  0 ms  from ::1  r-2\n');
  });

  it('says what else happened, with severity, cause and facts', () => {
    const text = written((log) => {
      log.info({ event: 'ready', port: 1 }, 'ready');
      log.error({ event: 'store_trouble', err: new Error('disk full') }, 'trouble with the store');
      log.info({ event: 'aborted', requestId: 'r-3' }, 'aborted');
    });
    expect(text).toBe('ready  port=1\nerror: trouble with the store: disk full\ncaller went away  r-3\n');
  });

  it('never writes a control character of a caller to the terminal', () => {
    const text = written((log) =>
      log.warn(
        { event: 'decision', code: 21, http: 400, detail: 'a\u001b[2Jb\u202e\nc', requestId: 'r' },
        'm',
      ),
    );
    expect(text).toContain('a\\u001b[2Jb\\u202e\\u000ac');
    expect(text.split('\n')).toHaveLength(2);
  });

  it('passes on what is no object of JSON', () => {
    const lines: string[] = [];
    humanLog({ write: (line) => void lines.push(line) }).write('plain\n');
    expect(lines).toEqual(['plain\n']);
  });
});
