import { group, integer, maybeText, text } from './kinds.ts';

/** How a Redis or Valkey server is used. */
export const REDIS_SETTINGS = group(
  'A Redis or Valkey server (6 or later) that the nodes of an installation on PostgreSQL share for what is short-lived: used signatures, rates, simultaneous requests, counts of the day.',
  {
    url: maybeText({
      default: null,
      isSecret: true,
      check: 'redisUrl',
      description:
        '`redis://user:password@host:port/database`, `rediss://` over TLS. null: PostgreSQL keeps these too (docs/run/postgres.md).',
    }),
    password: maybeText({
      default: null,
      isSecret: true,
      environmentOnly: true,
      description: 'The password, where it does not stand in `redis.url`.',
    }),
    ca: maybeText({
      default: null,
      isPath: true,
      description:
        "PEM file with the authority that signed the server's certificate. null: those that Node.js trusts.",
    }),
    prefix: text({
      default: 'livestill:',
      description: 'What every key begins with: two installations on one server need two.',
    }),
    timeoutMs: integer(50, 600_000, {
      default: 1000,
      unit: 'ms',
      description: 'For a connection, and for one command; then the call is answered with 108.',
    }),
  },
);
