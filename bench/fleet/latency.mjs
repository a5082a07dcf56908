import { blankPicture } from '../../dist/fleet/warm-up.js';
import { median, percentile } from '../support.mjs';
import { install, legacyCall, startNode } from './nodes.mjs';

const calls = 400;

/** What the stores add to the time of a request: the same call to nodes on different stores, in turns, one at a time. */
export async function latency({ postgres, redis }) {
  const kinds = {
    SQLite: {},
    PostgreSQL: { LIVESTILL_STORE: await postgres.newDatabase('latency') },
    'PostgreSQL and Redis': {
      LIVESTILL_STORE: await postgres.newDatabase('latency_both'),
      LIVESTILL_REDIS_URL: redis.url,
    },
  };
  const nodes = [];
  for (const [name, stores] of Object.entries(kinds)) {
    const installation = await install(stores);
    const node = await startNode(installation, 'node-1', { profile: 'fast' });
    nodes.push({ name, node, app: installation.app, took: [] });
  }
  const picture = Buffer.from(blankPicture());
  for (let i = -40; i < calls; i += 1) {
    for (const one of nodes) {
      const { path, headers, body } = legacyCall(one.app, picture, `latency-${i}`);
      const began = performance.now();
      const answer = await fetch(`http://127.0.0.1:${one.node.port}${path}`, {
        method: 'POST',
        headers,
        body,
      });
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`${one.name} answered with ${answer.status}`);
      if (i >= 0) one.took.push(performance.now() - began);
    }
  }
  for (const { node } of nodes) await node.stop();
  const [base] = nodes;
  const values = nodes.map(({ name, took }) => ({
    name,
    p50: median(took),
    p99: percentile(took, 0.99),
    /** Middle of the differences of calls that were made one after the other. */
    added: median(took.map((ms, i) => ms - base.took[i])),
  }));
  return {
    title: `Time that the stores add: a picture without a face, signature used once, ${calls} calls each, in turns, one at a time, ms`,
    rows: [
      ['store', 'p50', 'p99', 'more than SQLite, p50'],
      ...values.map(({ name, p50, p99, added }) => [name, p50.toFixed(1), p99.toFixed(1), added.toFixed(2)]),
    ],
    values,
  };
}
