import { mean, portrait, processUse } from '../support.mjs';
import { install, legacyCall, startNode } from './nodes.mjs';
import { startProxy } from './servers.mjs';
import { limitTo } from './share.mjs';

const counts = [1, 2, 4];

/** Pictures a second with 1, 2 and 4 nodes, each limited to the same share of a processor, in turns. */
export async function growth({ postgres, redis, load, seconds, rounds, share }) {
  const stores = { LIVESTILL_STORE: await postgres.newDatabase('growth'), LIVESTILL_REDIS_URL: redis.url };
  const installation = await install(stores);
  const picture = await portrait(720, 960);
  const nodes = [];
  const freed = [];
  for (let i = 0; i < Math.max(...counts); i += 1) {
    const node = await startNode(installation, `node-${i}`);
    freed.push(limitTo(node.pid, share, `node-${i}`));
    nodes.push(node);
  }
  const call = legacyCall(installation.app, picture);
  const measured = new Map(counts.map((count) => [count, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const count of counts) {
      const proxy = await startProxy(nodes.slice(0, count).map(({ port }) => port));
      const before = await uses(postgres, redis, proxy);
      const result = await load({
        url: `http://127.0.0.1:${proxy.port}${call.path}`,
        headers: call.headers,
        body: call.body.toString('base64'),
        connections: 3 * count,
        seconds: round < 0 ? 4 : seconds,
      });
      const after = await uses(postgres, redis, proxy);
      proxy.stop();
      const unjudged = Object.entries(result.codes).filter(([code]) => code !== '0');
      if (unjudged.length > 0) throw new Error(`not judged: ${JSON.stringify(result.codes)}`);
      if (round < 0) continue;
      const used = (name) => ((after[name] - before[name]) * 1000) / result.answered;
      measured.get(count).push({
        perSecond: result.perSecond,
        postgresMs: used('postgres'),
        redisMs: used('redis'),
        proxyMs: used('proxy'),
      });
    }
  }
  for (const node of nodes) await node.stop();
  for (const free of freed) free();
  const values = counts.map((count) => {
    const all = measured.get(count);
    const of = (name) => mean(all.map((one) => one[name]));
    return {
      nodes: count,
      perSecond: of('perSecond'),
      postgresMs: of('postgresMs'),
      redisMs: of('redisMs'),
      proxyMs: of('proxyMs'),
    };
  });
  const one = values[0].perSecond;
  return {
    title: `Growth: each node held to ${share} of a processor, one worker, careful, 720 x 960; ${rounds} rounds of ${seconds} s in turns`,
    rows: [
      ['nodes', 'pictures/s', 'per node', 'of one node', 'PostgreSQL ms/picture', 'Redis', 'proxy'],
      ...values.map(({ nodes: count, perSecond, postgresMs, redisMs, proxyMs }) => [
        count,
        perSecond.toFixed(1),
        (perSecond / count).toFixed(1),
        (perSecond / count / one).toFixed(3),
        postgresMs.toFixed(2),
        redisMs.toFixed(2),
        proxyMs.toFixed(2),
      ]),
    ],
    values,
  };
}

async function uses(postgres, redis, proxy) {
  const [a, b, c] = await Promise.all([postgres, redis, proxy].map(({ pid }) => processUse(pid)));
  return { postgres: a.cpuSeconds, redis: b.cpuSeconds, proxy: c.cpuSeconds };
}
