import { expect, it } from 'vitest';
import { appid, startV1Test } from '../../../test/v1/support.ts';
import { Fault } from '../../faults.ts';

it('asks for room for the app of the API key, before the body, and hands its name to the workers', async () => {
  const test = await startV1Test();
  try {
    const asked: (string | undefined)[] = [];
    let over = '';
    test.judge.refusal = (app) => {
      asked.push(app);
      return app === over ? new Fault('busy', 'queue_full', 'full', { retryAfter: 3 }) : null;
    };
    const post = () =>
      test.post('/v1/liveness', { headers: { 'content-type': 'image/jpeg' }, body: 'a picture' });
    expect((await post()).status).toBe(200);
    expect([asked, test.judge.options]).toMatchObject([[appid], [{ app: appid }]]);
    over = appid;
    const refused = await post();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '3']);
    expect(await refused.json()).toMatchObject({ code: 'overloaded' });
    expect(test.judge.pictures).toHaveLength(1);
  } finally {
    await test.stop();
  }
});
