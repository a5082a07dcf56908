import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearest } from './checks.ts';
import { explainConfig, loadConfig, printableConfig, settings } from './load.ts';
import { configFiles, problems } from './test-support/sources.ts';

const { fileWith } = configFiles();

describe('printing', () => {
  it('leaves secrets out and makes a file that loads to the same', () => {
    const environment = {
      LIVESTILL_MASTER_KEY: 'ab'.repeat(32),
      LIVESTILL_PORT: '1234',
      LIVESTILL_DATA_DIR: '/srv/data',
    };
    const printed = printableConfig(explainConfig({ environment }));
    expect(JSON.stringify(printed)).not.toContain('abab');
    expect(loadConfig({ file: fileWith(printed) })).toEqual({
      ...loadConfig({ environment }),
      masterKey: null,
    });
  });
});

describe('whatever is given', () => {
  const keys = settings.map((setting) => setting.key.split('.'));
  const names = fc.oneof(fc.constantFrom(...keys.flat()), fc.string());
  const nested = fc.dictionary(names, fc.oneof(fc.jsonValue(), fc.dictionary(names, fc.jsonValue())));

  it('in a file: a configuration or a ConfigError', () => {
    fc.assert(
      fc.property(nested, (content) => {
        const sources = { file: fileWith(content) };
        if (problems(sources).length === 0) expect(Object.isFrozen(loadConfig(sources))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('in the environment: a configuration or a ConfigError that names every variable at fault', () => {
    const value = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.constantFrom('true', 'null', 'fast', '10.0.0.0/8', 'a,b'),
    );
    const environment = fc.dictionary(fc.constantFrom(...settings.map((setting) => setting.variable)), value);
    fc.assert(
      fc.property(environment, (variables) => {
        for (const [name, text] of Object.entries(variables)) {
          const single = problems({ environment: { [name]: text } });
          expect(
            single.every(
              // Those that two settings bring about together are named by their keys.
              (line) => line.includes(name) || /^(?:tls\.|port,|review\.)/.test(line),
            ),
          ).toBe(true);
        }
        problems({ environment: variables });
      }),
      { numRuns: 300 },
    );
  });
});

describe('the small checks', () => {
  it('find the nearest word, and none when nothing is near', () => {
    expect(nearest('threshhold', ['port', 'threshold', 'profile'])).toBe('threshold');
    expect(nearest('PORT', ['port'])).toBe('port');
    expect(nearest('completely different', ['port'])).toBeUndefined();
    expect(nearest('x', [])).toBeUndefined();
  });

  it('takes the port from PORT where LIVESTILL_PORT is not set, before the file and after the command line', () => {
    const port = (environment: Record<string, string>, overrides = {}) =>
      loadConfig({ environment, overrides }).port;
    expect(port({ PORT: '5000' })).toBe(5000);
    expect(port({ PORT: '5000', LIVESTILL_PORT: '6000' })).toBe(6000);
    expect(port({ PORT: '5000', LIVESTILL_PORT: 'tcp://10.0.0.1:8787' })).toBe(5000);
    expect(port({ PORT: '5000' }, { port: 7000 })).toBe(7000);
    expect(port({ PORT: '' })).toBe(8787);
    expect(() => port({ PORT: 'named' })).toThrow('port (PORT): expected a whole number from 0 to 65535');
  });
});
