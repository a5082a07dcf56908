import { group, integer, maybeText, yesNo } from './kinds.ts';

/** How the PostgreSQL database is used. */
export const POSTGRES_SETTINGS = group('The PostgreSQL database that `store` names.', {
  password: maybeText({
    default: null,
    isSecret: true,
    environmentOnly: true,
    description: 'The password, where it does not stand in `store`.',
  }),
  ca: maybeText({
    default: null,
    isPath: true,
    description:
      "PEM file with the authority that signed the server's certificate. null: those that Node.js trusts.",
  }),
  poolSize: integer(2, 1000, {
    default: 10,
    description: 'Most connections of one node. All nodes together must stay below `max_connections`.',
  }),
  connectTimeoutMs: integer(50, 600_000, {
    default: 3000,
    unit: 'ms',
    description: 'For a new connection, or a free one.',
  }),
  statementTimeoutMs: integer(50, 600_000, {
    default: 4000,
    unit: 'ms',
    description: 'For one statement, locks included; then the call is answered with 107 or 108.',
  }),
  migrateAtStart: yesNo({
    default: false,
    description:
      'Bring older tables up to date at the start of the service; otherwise it says to run `livestill migrate up`.',
  }),
});
