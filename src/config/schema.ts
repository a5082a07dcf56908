import Type, { type Static } from 'typebox';
import {
  CLOSED,
  group,
  integer,
  list,
  maybeInteger,
  maybeNumber,
  maybeOneOf,
  maybeText,
  number,
  oneOf,
  text,
  yesNo,
} from './settings/kinds.ts';

export type { SettingNotes } from './settings/kinds.ts';

/** Every setting with its type, bounds, default and description: the one source of checks and documentation. */
export const configSchema = Type.Object(
  {
    dataDir: text({
      default: 'data',
      isPath: true,
      description: 'The data folder: accounts, memory of used signatures, ledger and the master key.',
    }),
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
      description:
        'Address the service listens on. `0.0.0.0` or `::` makes it reachable from other machines.',
    }),
    port: integer(0, 65535, {
      default: 8787,
      alias: 'PORT',
      description:
        'Port of the service. 0 takes a free one. The variable `PORT` counts too, as hosting platforms set it.',
    }),
    adminHost: text({
      default: '127.0.0.1',
      description:
        'Address of the admin port (`/healthz`, `/readyz`, `/metrics`). Keep it away from callers.',
    }),
    adminPort: integer(0, 65535, { default: 8788, description: 'Admin port. 0 takes a free one.' }),
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
    maxBodyBytes: integer(1024, 256 * 1024 * 1024, {
      default: 6 * 1024 * 1024,
      unit: 'bytes',
      description: 'Largest request body as received. The contract says 6 MiB.',
    }),
    maxBodiesMb: maybeInteger(8, 65_536, {
      default: null,
      unit: 'MB',
      description:
        'What all bodies together may hold, copies that decoding makes included, from their first byte until the answer. Beyond it, or beyond three times what is free for one app, the one of the greatest holder that has been arriving longest is refused with -5802. null: an eighth of the memory, from 64 to 1024.',
    }),
    timeouts: group('How long the service waits.', {
      headersMs: integer(100, 600_000, {
        default: 10_000,
        unit: 'ms',
        description: 'For the headers of a request.',
      }),
      requestMs: integer(100, 3_600_000, {
        default: 60_000,
        unit: 'ms',
        description: 'For a whole request to arrive.',
      }),
      keepAliveMs: integer(0, 3_600_000, {
        default: 65_000,
        unit: 'ms',
        description: 'For the next request on a connection.',
      }),
      drainMs: integer(0, 3_600_000, {
        default: 30_000,
        unit: 'ms',
        description: 'For running requests to end after SIGTERM; then they are cut off.',
      }),
      workerStartMs: integer(1000, 3_600_000, {
        default: 60_000,
        unit: 'ms',
        description:
          'For a worker to load all networks, model packs among them, and run; then it is ended, and at the start of the service the start fails.',
      }),
    }),
    connections: group(
      'Connections to the service port, idle ones included. Beyond a limit, the one that has been idle longest is closed for the ' +
        'new one; where none is idle, the new one is closed at once. The admin port is not counted.',
      {
        max: maybeInteger(1, 1_000_000, {
          default: null,
          description:
            'Open at the same time. null: three quarters of the open-files limit of the process, 10000 at most.',
        }),
        maxPerAddress: maybeInteger(1, 1_000_000, {
          default: null,
          description:
            'Of these from one address; an IPv6 network of 64 bits counts as one, `trustedProxies` are not counted. null: half of all.',
        }),
      },
    ),
    failedTries: group(
      'Requests without a valid key: none, an unknown one, a wrong signature, a path that does not exist. Valid keys are answered whatever else comes from their address.',
      {
        perMinute: maybeInteger(1, 1_000_000, {
          default: 120,
          unit: 'requests',
          description:
            'So many a minute, and at once, from one address; an IPv6 network of 64 bits counts as one. Beyond it they are answered with 429. null: any number.',
        }),
      },
    ),
    signature: group('The check of signatures.', {
      skewSeconds: integer(0, 86_400, {
        default: 300,
        unit: 's',
        description: "How far a signature's `t` may lie in the future.",
      }),
      windowSeconds: integer(1, 86_400, {
        default: 900,
        unit: 's',
        description: 'How long after its `t` a single-use signature is accepted.',
      }),
      maxDays: number(0.001, 36_500, {
        default: 90,
        unit: 'days',
        description: 'Longest time from `t` to `e` of a multi-use signature. The contract says 90.',
      }),
    }),
    compat: group('Where old clients differ.', {
      sessionId: yesNo({
        default: false,
        description: 'Put `session_id` before `score`, as the service of 2018 did.',
      }),
      noFace: oneOf(['error', 'score-zero'], {
        default: 'error',
        description: 'No face found: answer code -4015 (`error`), or code 0 with score 0 (`score-zero`).',
      }),
      heif: yesNo({
        default: false,
        description:
          'Judge HEIC and AVIF on the old endpoint too; otherwise they are refused there with -4016, as ever. `/v1` always takes them.',
      }),
      bodySign: yesNo({
        default: false,
        description: 'Let a `sign` member of the body stand in for a missing `Authorization` header.',
      }),
    }),
    threshold: number(0, 100, {
      default: 87,
      description: 'Score above which a picture is taken for live; an app may have its own.',
    }),
    profile: maybeOneOf(['careful', 'fast', 'single'], {
      default: null,
      description:
        '`careful`: five network runs a picture. `fast`: three, less certain. `single`: nine runs of one network. Where none is ' +
        'named `careful`, or `single` while the networks of the others are not in place. An app may have its own.',
    }),
    review: group(
      'Limits of your own for `review`, in place of those that the networks were published with: both or none.',
      {
        low: maybeNumber(0, 1, {
          default: null,
          description:
            'Probability from which on a picture is not called an attack without review. `livestill evaluate` proposes one.',
        }),
        high: maybeNumber(0, 1, {
          default: null,
          description: 'Probability above which a picture is called live without review; above `review.low`.',
        }),
      },
    ),
    models: group('The networks.', {
      dir: maybeText({
        default: null,
        isPath: true,
        description: "Folder of the built-in networks; without it the package's own.",
      }),
      packs: Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
        maxItems: 16,
        default: [],
        isPath: true,
        description: 'Folders of further models, each with a `card.json` and an ONNX file.',
      }),
    }),
    picture: group('Pictures, judged by their headers before they are decoded.', {
      maxBytes: integer(1024, 256 * 1024 * 1024, {
        default: 6 * 1024 * 1024,
        unit: 'bytes',
        description: 'Largest encoded picture.',
      }),
      maxPixels: integer(1, 268_000_000, {
        default: 40_000_000,
        unit: 'pixels',
        description: 'Width times height.',
      }),
      maxSide: integer(1, 65_535, { default: 16_384, unit: 'pixels', description: 'Longer side.' }),
    }),
    operatingPoints: maybeText({
      default: null,
      isPath: true,
      description:
        'File that `livestill evaluate --operating-points` wrote: your own measurement, answered by `GET /v1/operating-points` before the published ones.',
    }),
    workers: maybeInteger(1, 256, {
      default: null,
      description:
        'Worker processes that judge pictures; null: as many as processors, fewer where the memory is not enough for each.',
    }),
    workerMemoryMb: maybeInteger(256, 65_536, {
      default: null,
      unit: 'MB',
      description:
        'Resident memory a worker may take; one that takes more is ended and replaced (Linux). null: an equal share of the memory, from 768 to 2048.',
    }),
    pinWorkers: yesNo({
      default: false,
      description:
        "Bind each worker to a processor of its own, with the system's `taskset` (Linux). For a machine that does nothing else: a few percent more pictures; where others use the processors, workers wait for them.",
    }),
    queueWaitMs: integer(0, 600_000, {
      default: 3000,
      unit: 'ms',
      description:
        'Longest expected wait for a worker; a request that would wait longer is refused at once with -5802.',
    }),
    download: group("Fetching a caller's `url`.", {
      enabled: yesNo({ default: true, description: 'Off: every `url` is answered with -5805.' }),
      allowPrivate: list({
        default: [],
        check: 'networkOrHost',
        description:
          'Private networks, addresses or host names that may be fetched from all the same, such as `10.1.0.0/16`.',
      }),
      ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), {
        maxItems: 100,
        default: [80, 443],
        description: 'Ports that may be fetched from.',
      }),
      maxRedirects: integer(0, 20, {
        default: 3,
        description: 'How many redirects are followed, each checked anew.',
      }),
      timeoutMs: integer(100, 120_000, {
        default: 5000,
        unit: 'ms',
        description: 'For the whole download, redirects and waiting for a place included.',
      }),
      connectTimeoutMs: integer(50, 120_000, {
        default: 2000,
        unit: 'ms',
        description: 'For a connection, TLS included.',
      }),
      firstByteTimeoutMs: integer(50, 120_000, {
        default: 3000,
        unit: 'ms',
        description: "From the connection until the answer's headers.",
      }),
      maxPerHost: integer(1, 10_000, {
        default: 8,
        description:
          'Downloads from one host at the same moment; more wait. One app gets three quarters of these places.',
      }),
      maxInAll: integer(1, 10_000, {
        default: 32,
        description:
          'Downloads at the same moment; more wait. One app gets three quarters of these places. Each may hold up to three ' +
          'times `picture.maxBytes` in memory.',
      }),
      reportOnly: yesNo({
        default: false,
        description:
          'For a trial: only report what the rules on ports and private networks would refuse. Loopback, link-local, ' +
          'metadata and own addresses stay refused.',
      }),
    }),
    ledger: group('The record of every judged request.', {
      retentionDays: maybeInteger(1, 36_500, {
        default: null,
        unit: 'days',
        description: 'Rows older than this are deleted; null: kept until `livestill ledger prune`.',
      }),
      sync: oneOf(['full', 'normal'], {
        default: 'full',
        description:
          '`full`: a row survives a power cut before its reply leaves. `normal`: only the end of the process.',
      }),
    }),
    backup: group('Backups of the data folder: docs/backup.md.', {
      beforeMigration: integer(0, 100, {
        default: 3,
        description:
          'How many backups are kept in the folder `backups` of the data folder of those that are made before a new version changes its ' +
          'tables; they go with the records when `ledger.retentionDays` is over. 0: none is made.',
      }),
    }),
    idempotency: group(
      'The memory of requests with an `Idempotency-Key`. An app beyond its share loses its own oldest answers before 24 hours are over; where all ' +
        'together are too many, the app that has most does. No other app loses any.',
      {
        maxRowsPerApp: integer(1, 100_000_000, {
          default: 200_000,
          description: 'Answers and requests in progress kept for one app.',
        }),
        maxMbPerApp: integer(1, 1_000_000, {
          default: 256,
          unit: 'MB',
          description: 'What they may take in the database.',
        }),
        maxRows: integer(1, 1_000_000_000, {
          default: 1_000_000,
          description: 'Kept for all apps together.',
        }),
        maxMb: integer(1, 10_000_000, {
          default: 1024,
          unit: 'MB',
          description: 'What all together may take in the database.',
        }),
      },
    ),
    logLevel: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      default: 'info',
      description: 'From which severity on the log is written.',
    }),
    logFormat: oneOf(['auto', 'json', 'human'], {
      default: 'auto',
      description:
        'How the log is written: one JSON object a line, or short lines for people; `auto` is `human` on a terminal and `json` elsewhere.',
    }),
  },
  CLOSED,
);

type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** The whole configuration: every member is there, checked and frozen. */
export type Config = DeepReadonly<Static<typeof configSchema>>;
