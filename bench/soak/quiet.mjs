/** The app that does everything right, beside all others: what it is refused counts. */
import { call } from './clients.mjs';
import { victim } from './foreign.mjs';
import { form, formType } from './inputs.mjs';

/** Its callers, as attacks are given, and `counts` of what it asked for and was refused. */
export function quietApp(world, service) {
  const { quiet } = service.apps;
  const counts = { asked: 0, refused: 0, replays: 0, lost: 0, milliseconds: [], samples: [] };
  const v1 = new URL('/v1/liveness', service.url);
  const ask = async (kind, given, isRight) => {
    const since = performance.now();
    const answer = await call(world, `quiet app: ${kind}`, given);
    counts.asked++;
    counts.milliseconds.push(performance.now() - since);
    if (answer !== null && isRight(answer)) return;
    counts.refused++;
    if (counts.samples.length < 5)
      counts.samples.push(
        `${kind}: ${answer === null ? 'broken off' : `${answer.status} ${answer.body.toString('utf8', 0, 300)}`}`,
      );
  };
  const isJudged = ({ status, body }) => status === 200 && body.toString('latin1', 0, 9) === '{"code":0';
  const signed = { authorization: quiet.authorization };
  const fromUrl = (url) => ({
    url: service.url,
    headers: { ...signed, 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ appid: quiet.appid, url })),
  });
  let first;
  const sameAgain = () =>
    ask(
      'same Idempotency-Key',
      {
        url: v1,
        headers: { authorization: quiet.bearer, 'content-type': 'image/jpeg', 'idempotency-key': 'quiet-1' },
        body: world.picture,
      },
      ({ status, headers, body }) => {
        if (status !== 200) return false;
        if (first !== undefined) {
          counts.replays++;
          if (headers['idempotency-replayed'] !== 'true' || !body.equals(first)) counts.lost++;
        }
        first ??= body;
        return true;
      },
    );
  return {
    counts,
    callers: [
      [
        'picture',
        300,
        () =>
          ask(
            'picture',
            {
              url: service.url,
              headers: { ...signed, 'content-type': formType },
              body: form(['appid', quiet.appid], ['image', world.picture]),
            },
            isJudged,
          ),
      ],
      ['url', 700, () => ask('url', fromUrl(world.foreign.url('127.0.4.4', '/picture.jpg')), isJudged)],
      [
        'victim url',
        900,
        () => ask('victim url', fromUrl(world.foreign.url(victim, '/victim.jpg')), isJudged),
      ],
      ['same key', 2000, sameAgain],
    ],
  };
}
