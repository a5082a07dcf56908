import { blankPicture } from '../../dist/fleet/warm-up.js';
import { install, legacyCall, startNode, v1Call } from './nodes.mjs';
import { startRelay } from './relay.mjs';

const calls = 300;

/** What one request asks of the stores: statements and commits of PostgreSQL, bytes in both directions. */
export async function cost({ postgres, redis }) {
  const url = new URL(await postgres.newDatabase('cost'));
  const [toPostgres, toRedis] = [await startRelay(postgres.port), await startRelay(redis.port)];
  url.port = String(toPostgres.port);
  const installation = await install({
    LIVESTILL_STORE: url.href,
    LIVESTILL_REDIS_URL: `redis://127.0.0.1:${toRedis.port}`,
  });
  const node = await startNode(installation, 'node-1', { profile: 'fast' });
  const picture = Buffer.from(blankPicture());
  const kinds = {
    'old call, signature used once': (i) => legacyCall(installation.app, picture, `cost-${i}`),
    'old call, signature used again': () => legacyCall(installation.app, picture),
    'v1 call': () => v1Call(installation.apiKey, picture),
  };
  const values = [];
  for (const [name, make] of Object.entries(kinds)) {
    for (let i = 0; i < 20; i += 1) await send(node, make(-1 - i));
    toPostgres.reset();
    toRedis.reset();
    await postgres.query('postgres', 'select pg_stat_statements_reset()');
    const [before] = await postgres.query('postgres', commits);
    for (let i = 0; i < calls; i += 1) await send(node, make(i));
    const [after] = await postgres.query('postgres', commits);
    const statements = await postgres.query('postgres', statementsText);
    values.push({
      name,
      statements: Number(statements[0].calls) / calls,
      commits: (Number(after.commits) - Number(before.commits)) / calls,
      walBytes: Number(statements[0].wal) / calls,
      postgresBytes: { there: toPostgres.counts.there / calls, back: toPostgres.counts.back / calls },
      redisBytes: { there: toRedis.counts.there / calls, back: toRedis.counts.back / calls },
    });
  }
  await node.stop();
  toPostgres.stop();
  toRedis.stop();
  const bytes = ({ there, back }) => `${Math.round(there)} + ${Math.round(back)}`;
  return {
    title: `What a request asks of the stores (${calls} calls each, one at a time; transactions' own statements included)`,
    rows: [
      ['', 'statements', 'commits', 'log bytes', 'PostgreSQL bytes there + back', 'Redis bytes there + back'],
      ...values.map((one) => [
        one.name,
        one.statements.toFixed(1),
        one.commits.toFixed(1),
        one.walBytes.toFixed(0),
        bytes(one.postgresBytes),
        bytes(one.redisBytes),
      ]),
    ],
    values,
  };
}

const commits = "select xact_commit as commits from pg_stat_database where datname = 'cost'";
const statementsText = `select sum(calls) as calls, sum(wal_bytes) as wal from pg_stat_statements
  where dbid = (select oid from pg_database where datname = 'cost') and query not like '%pg_stat%'`;

async function send({ port }, { path, headers, body }) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}`);
}
