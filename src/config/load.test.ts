import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, type ConfigSources, explainConfig, loadConfig, settings } from './load.ts';
import { configFiles, problems } from './test-support/sources.ts';

const { folder, fileWith } = configFiles();

describe('the defaults', () => {
  it("are the contract's, and stay close to the machine", () => {
    expect(loadConfig()).toMatchObject({
      host: '127.0.0.1',
      adminHost: '127.0.0.1',
      maxBodyBytes: 6 * 1024 * 1024,
      signature: { skewSeconds: 300, windowSeconds: 900, maxDays: 90 },
      compat: { sessionId: false, noFace: 'error', bodySign: false },
      threshold: 87,
      profile: null,
      picture: { maxPixels: 40_000_000, maxSide: 16_384 },
      cors: { origins: [] },
      trustedProxies: [],
      proxyHeader: 'either',
      ledger: { retentionDays: null, sync: 'full' },
      masterKey: null,
    });
  });

  it('cannot be changed afterwards', () => {
    const config = loadConfig({ environment: { LIVESTILL_CORS_ORIGINS: 'https://a.example' } });
    for (const part of [config, config.tls, config.cors.origins, config.download.ports])
      expect(Object.isFrozen(part)).toBe(true);
  });

  it('fulfil what they themselves ask for', () => {
    for (const { setting, source } of explainConfig()) {
      expect(source).toBe('default');
      expect(setting.notes.description).toMatch(/^[A-Z`].*[.]$/s);
      expect(setting.variable).toMatch(/^LIVESTILL_[A-Z0-9_]+$/);
    }
    expect(new Set(settings.map((setting) => setting.variable)).size).toBe(settings.length);
  });
});

describe('the sources', () => {
  it('count in their order: command line, environment, file, default', () => {
    const file = fileWith({ port: 1, adminPort: 2, threshold: 3, $schema: 'x' });
    const values = explainConfig({
      file,
      environment: { LIVESTILL_ADMIN_PORT: '20', LIVESTILL_PORT: '10', LIVESTILL_HOST: '', HOME: '/root' },
      overrides: { port: 100, host: undefined },
    });
    const of = (key: string) => values.find(({ setting }) => setting.key === key);
    expect([of('port')!.value, of('port')!.source]).toEqual([100, 'command line']);
    expect([of('adminPort')!.value, of('adminPort')!.source]).toEqual([20, 'LIVESTILL_ADMIN_PORT']);
    expect([of('threshold')!.value, of('threshold')!.source]).toEqual([3, 'file']);
    expect([of('host')!.value, of('host')!.source]).toEqual(['127.0.0.1', 'default']);
  });

  it('may name the file in the environment', () => {
    expect(loadConfig({ environment: { LIVESTILL_CONFIG: fileWith({ port: 77 }) } }).port).toBe(77);
  });

  it('read paths of a file from its own folder', () => {
    const file = fileWith({
      dataDir: 'state',
      tls: { cert: 'c.pem', key: '/abs/k.pem' },
      models: { packs: ['mine'] },
    });
    expect(loadConfig({ file })).toMatchObject({
      dataDir: join(folder, 'state'),
      tls: { cert: join(folder, 'c.pem'), key: '/abs/k.pem' },
      models: { packs: [join(folder, 'mine')] },
    });
    expect(loadConfig({ environment: { LIVESTILL_DATA_DIR: 'state' } }).dataDir).toBe('state');
  });

  it('read every kind of value from the environment', () => {
    const environment = {
      LIVESTILL_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      LIVESTILL_DOWNLOAD_PORTS: '80,8080',
      LIVESTILL_DOWNLOAD_ENABLED: 'off',
      LIVESTILL_COMPAT_SESSION_ID: 'TRUE',
      LIVESTILL_COMPAT_NO_FACE: 'score-zero',
      LIVESTILL_WORKERS: '3',
      LIVESTILL_LEDGER_RETENTION_DAYS: 'null',
      LIVESTILL_SIGNATURE_MAX_DAYS: '0.5',
      LIVESTILL_MASTER_KEY: 'ab'.repeat(32),
    };
    expect(loadConfig({ environment })).toMatchObject({
      trustedProxies: ['10.0.0.0/8', '::1'],
      download: { ports: [80, 8080], enabled: false },
      compat: { sessionId: true, noFace: 'score-zero' },
      workers: 3,
      ledger: { retentionDays: null },
      signature: { maxDays: 0.5 },
      masterKey: 'ab'.repeat(32),
    });
  });

  it('take one origin for the storage, and a place in it for apps that leads nowhere else', () => {
    const load = (S3: Record<string, string>) =>
      loadConfig({
        environment: Object.fromEntries(
          Object.entries(S3).map(([name, text]) => [`LIVESTILL_S3_${name}`, text]),
        ),
      }).s3;
    expect(load({ ENDPOINT: 'http://minio:9000', APPS_PREFIX: 'faces/in' })).toMatchObject({
      endpoint: 'http://minio:9000',
      appsPrefix: 'faces/in',
    });
    for (const ENDPOINT of ['*', 'minio:9000', 'http://minio/bucket', 'http://a:b@minio', 'ftp://minio'])
      expect(() => load({ ENDPOINT }), ENDPOINT).toThrow(ConfigError);
    for (const APPS_PREFIX of ['/', 'a', 'faces/', 'faces//in', 'faces/../in', 'faces/.', 's3://faces'])
      expect(() => load({ APPS_PREFIX }), APPS_PREFIX).toThrow(ConfigError);
  });

  it('do not mistake what Kubernetes says of a service for settings', () => {
    const environment = {
      LIVESTILL_PORT: 'tcp://10.0.0.7:8787',
      LIVESTILL_SERVICE_HOST: '10.0.0.7',
      LIVESTILL_SERVICE_PORT: '8787',
      LIVESTILL_SERVICE_PORT_HTTP: '8787',
      LIVESTILL_PORT_8787_TCP: 'tcp://10.0.0.7:8787',
      LIVESTILL_PORT_8787_TCP_ADDR: '10.0.0.7',
    };
    expect(loadConfig({ environment }).port).toBe(8787);
  });
});

describe('a mistake', () => {
  it.each<[string, ConfigSources, string]>([
    ['an unknown key', { file: fileWith({ prot: 1 }) }, 'prot: there is no such setting. Did you mean port?'],
    [
      'an unknown key in a group',
      { file: fileWith({ tls: { cret: 'x' } }) },
      'tls.cret: there is no such setting. Did you mean tls.cert?',
    ],
    ['a key like nothing', { file: fileWith({ zzzzzzzz: 1 }) }, 'zzzzzzzz: there is no such setting'],
    [
      'a member of every object',
      { file: fileWith('{"__proto__":{"port":1},"constructor":1}') },
      '__proto__: there is no such setting',
    ],
    [
      'an unknown variable',
      { environment: { LIVESTILL_TRESHOLD: '5' } },
      'LIVESTILL_TRESHOLD: there is no such environment variable. Did you mean LIVESTILL_THRESHOLD?',
    ],
    ['an unknown override', { overrides: { prot: 1 } }, 'prot: there is no such setting'],
    [
      'text for a number',
      { file: fileWith({ port: '80' }) },
      'port (file): expected a whole number from 0 to 65535, found "80"',
    ],
    [
      'a number out of range',
      { environment: { LIVESTILL_PORT: '70000' } },
      'port (LIVESTILL_PORT): expected a whole number from 0 to 65535, found 70000',
    ],
    [
      'no number',
      { environment: { LIVESTILL_PORT: '8787x' } },
      'port (LIVESTILL_PORT): expected a whole number from 0 to 65535, found "8787x"',
    ],
    [
      'not one of the words',
      { file: fileWith({ profile: 'quick' }) },
      'profile (file): expected one of careful, fast, single or null, found "quick"',
    ],
    [
      'neither yes nor no',
      { environment: { LIVESTILL_COMPAT_BODY_SIGN: 'maybe' } },
      'compat.bodySign (LIVESTILL_COMPAT_BODY_SIGN): expected true or false, found "maybe"',
    ],
    [
      'not a network',
      { file: fileWith({ trustedProxies: ['10.0.0.0/33'] }) },
      'trustedProxies (file): expected a list, each member an IP address or a network such as 10.0.0.0/8, found ["10.0.0.0/33"] (10.0.0.0/33: the prefix length behind the slash must be a number from 0 to 32)',
    ],
    [
      'an origin with a path',
      { environment: { LIVESTILL_CORS_ORIGINS: 'https://a.example/' } },
      'found ["https://a.example/"]',
    ],
    [
      'a group that is no object',
      { file: fileWith({ tls: 'cert.pem' }) },
      'tls: expected an object {…}, found "cert.pem"',
    ],
    ['a file that is no object', { file: fileWith([]) }, 'the file: expected an object {…}, found []'],
    ['a file that is no JSON', { file: fileWith('{"port": }') }, 'expected a readable JSON file'],
    ['a file that is not there', { file: join(folder, 'nowhere.json') }, 'expected a readable JSON file'],
    [
      'a certificate without a key',
      { environment: { LIVESTILL_TLS_CERT: 'c.pem' } },
      'tls.cert, tls.key: expected both or none',
    ],
    [
      'one review limit without the other',
      { file: fileWith({ review: { low: 0.2 } }) },
      'review.low, review.high: expected both or none, found only one of them',
    ],
    [
      'review limits in the wrong order',
      { environment: { LIVESTILL_REVIEW_LOW: '0.7', LIVESTILL_REVIEW_HIGH: '0.7' } },
      'review.low, review.high: expected the first below the second, found 0.7 and 0.7',
    ],
    [
      'a provider whose people nobody could be',
      {
        environment: {
          LIVESTILL_CONSOLE_OIDC_ISSUER: 'https://id.example.org',
          LIVESTILL_CONSOLE_OIDC_CLIENT_ID: 'console',
        },
      },
      'console.oidc: nobody could sign in: name groups (administrators, operators, auditors, viewers), or set others to viewer',
    ],
    [
      'a provider without a client',
      { file: fileWith({ console: { oidc: { issuer: 'https://id.example.org', others: 'viewer' } } }) },
      'console.oidc.clientId: expected text with console.oidc.issuer',
    ],
    [
      'a provider without TLS on another machine',
      { environment: { LIVESTILL_CONSOLE_OIDC_ISSUER: 'http://id.example.org' } },
      'console.oidc.issuer (LIVESTILL_CONSOLE_OIDC_ISSUER): expected a url such as https://id.example.org/realms/staff (http on this machine alone) or null, found "http://id.example.org"',
    ],
    [
      "the client's secret in a file of settings",
      { file: fileWith({ console: { oidc: { clientSecret: 'secret' } } }) },
      'console.oidc.clientSecret: belongs into the environment, not into a file',
    ],
    [
      "two places of the client's secret",
      {
        environment: {
          LIVESTILL_CONSOLE_OIDC_CLIENT_SECRET: 'one',
          LIVESTILL_CONSOLE_OIDC_CLIENT_SECRET_FILE: '/run/two',
        },
      },
      'console.oidc.clientSecret, console.oidc.clientSecretFile: expected one of them, found both',
    ],
    [
      'scopes that make no OpenID Connect',
      {
        environment: {
          LIVESTILL_CONSOLE_OIDC_ISSUER: 'https://id.example.org',
          LIVESTILL_CONSOLE_OIDC_CLIENT_ID: 'console',
          LIVESTILL_CONSOLE_OIDC_SCOPES: 'profile',
          LIVESTILL_CONSOLE_OIDC_VIEWERS: 'staff',
        },
      },
      'console.oidc.scopes: expected "openid" among them',
    ],
    [
      'one port for both',
      { overrides: { port: 9, adminPort: 9 } },
      'expected two different ports on 127.0.0.1, found 9 twice',
    ],
    [
      'the master key in a file',
      { file: fileWith({ masterKey: 'ab'.repeat(32) }) },
      'masterKey: belongs into the environment, not into a file',
    ],
  ])('%s is named', (_what, sources, expected) => {
    const found = problems(sources);
    expect(
      found.some((line) => line.includes(expected)),
      found.join('\n'),
    ).toBe(true);
  });

  it('is named together with all others', () => {
    const found = problems({
      file: fileWith({ prot: 1, threshold: 101, tls: { cret: 1 } }),
      environment: { LIVESTILL_PORT: 'x' },
    });
    expect(found).toHaveLength(4);
  });

  it('in a secret never shows it', () => {
    const [line, ...more] = problems({ environment: { LIVESTILL_MASTER_KEY: 'hunter2hunter2' } });
    expect(more).toEqual([]);
    expect(line).toContain('found something else (not shown)');
    expect(line).not.toContain('hunter2');
  });

  it('does not hinder the same port on two addresses, or two free ones', () => {
    expect(problems({ overrides: { port: 9, adminPort: 9, host: '0.0.0.0' } })).toEqual([]);
    expect(problems({ overrides: { port: 0, adminPort: 0 } })).toEqual([]);
  });
});
