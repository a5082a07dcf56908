import { group, integer, list, maybeText, oneOf, text, yesNo } from './kinds.ts';
import { OIDC_SETTINGS } from './oidc.ts';
import { POSTGRES_SETTINGS } from './postgres.ts';
import { REDIS_SETTINGS } from './redis.ts';

/** The data folder, keys, addresses and who may call. */
export const SERVICE_SETTINGS = {
  dataDir: text({
    default: 'data',
    isPath: true,
    description:
      'The data folder: accounts, memory of used signatures, ledger (the audit log of decisions) and the master key.',
  }),
  store: maybeText({
    default: null,
    isSecret: true,
    check: 'postgresUrl',
    description:
      'Where everything but the keys is kept: `postgres://user:password@host:port/database` (docs/run/postgres.md), which several nodes may share. ' +
      'null: the SQLite file in the data folder.',
  }),
  node: maybeText({
    default: null,
    check: 'nodeName',
    description:
      'The name of this node in a shared store: its decisions have a chain of that name. `fleet-*`: the first of `fleet-1`, `fleet-2`, … that no running node has, for machines that come and go. ' +
      'null: the one in the file `node.name` of the data folder, made at the first start.',
  }),
  postgres: POSTGRES_SETTINGS,
  redis: REDIS_SETTINGS,
  masterKey: maybeText({
    default: null,
    isSecret: true,
    environmentOnly: true,
    check: 'masterKey',
    description:
      'The key that SecretKeys are encrypted under: 32 bytes as base64 or 64 hexadecimal letters; several with commas, the ' +
      'newest first. Without it the file `master.key` of the data folder is used, and made at the first start.',
  }),
  auditKey: maybeText({
    default: null,
    isSecret: true,
    environmentOnly: true,
    description:
      'The key that signs the state of the audit log: Ed25519, PKCS #8 in PEM, or its DER in base64. Without it the file `audit.key` of the data ' +
      'folder is used, and made at the first start. Kept elsewhere than the data, it protects against whoever can write the data.',
  }),
  host: text({
    default: '127.0.0.1',
    description: 'Address the service listens on. `0.0.0.0` or `::` makes it reachable from other machines.',
  }),
  port: integer(0, 65535, {
    default: 8787,
    alias: 'PORT',
    description:
      'Port of the service. 0 takes a free one. The variable `PORT` counts too, as hosting platforms set it.',
  }),
  url: maybeText({
    default: null,
    check: 'origin',
    description:
      'Under which callers reach the service, such as `https://liveness.example.org` behind a proxy: stands in code to copy, nowhere else. null: `host` and `port`.',
  }),
  adminHost: text({
    default: '127.0.0.1',
    description:
      'Address of the admin port (`/healthz`, `/readyz`, `/metrics`, the console). Keep it away from callers.',
  }),
  adminPort: integer(0, 65535, { default: 8788, description: 'Admin port. 0 takes a free one.' }),
  console: group('The console and the admin API on the admin port.', {
    enabled: yesNo({ default: true, description: 'Whether they are there at all.' }),
    url: maybeText({
      default: null,
      check: 'origin',
      description:
        'Under which people reach the console, such as `https://livestill.example.org` behind a proxy that speaks TLS: cookies, links and passkeys are for this address, and on the loopback the admin port answers to no other name. ' +
        'null: `http://localhost` and the admin port.',
    }),
    idleMinutes: integer(1, 1440, {
      default: 30,
      unit: 'minutes',
      description: 'A session ends after so long without use.',
    }),
    sessionHours: integer(1, 720, {
      default: 12,
      unit: 'hours',
      description: 'A session ends after so long, however much it is used.',
    }),
    oidc: OIDC_SETTINGS,
  }),
  tls: group('HTTPS on the service port. Both files are read anew when they change.', {
    cert: maybeText({
      default: null,
      isPath: true,
      description: 'PEM file with the certificate and its chain.',
    }),
    key: maybeText({ default: null, isPath: true, description: 'PEM file with the private key.' }),
  }),
  trustedProxies: list({
    default: [],
    check: 'network',
    description:
      "Addresses or networks of proxies that are believed about the caller's address, such as `10.0.0.0/8`.",
  }),
  proxyHeader: oneOf(['either', 'x-forwarded-for', 'forwarded'], {
    default: 'either',
    description:
      "The header that these proxies write. `either`: where both are there, they must name the same caller, else it is unknown, as one of them may be the caller's own invention.",
  }),
  cors: group('Calls from web pages.', {
    origins: list({
      default: [],
      check: 'origin',
      description: 'Origins that may call, such as `https://example.org`, or `*`. Empty: none.',
    }),
  }),
  requestId: group('The id a request is logged and answered under.', {
    trustHeader: yesNo({
      default: true,
      description: "Take the caller's `X-Request-Id` where it has a safe form; otherwise one is made.",
    }),
  }),
};
