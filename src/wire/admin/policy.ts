import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { checkPolicy } from '../../account/validate.ts';
import { newestRows, previewChange } from '../../console/apps.ts';
import { PROFILES } from '../../liveness/profiles.ts';
import { CAPTURE_NAMES, CAPTURE_PRESETS } from '../../liveness/quality/capture.ts';
import { checkRules, DEFAULT_RULES, rejectingReasons } from '../../policy/policy.ts';
import { tablesOf } from '../v1/uploaded-points.ts';
import { appBody, lastHour, needApp } from './apps.ts';
import type { AreaParts } from './area.ts';
import { appParams, closed, momentSchema, oneOf, orNull, textUpTo } from './shapes.ts';

const shareSchema = Type.Number({ minimum: 0, maximum: 1 });
const POLICY_MEMBERS = {
  threshold: Type.Optional(orNull(Type.Number({ minimum: 0, maximum: 100 }))),
  profile: Type.Optional(orNull(oneOf(PROFILES))),
  capture: Type.Optional(orNull(oneOf(CAPTURE_NAMES))),
  review: Type.Optional(orNull(closed({ low: shareSchema, high: shareSchema }))),
  rules: Type.Optional(
    closed({
      severalFaces: Type.Optional(oneOf(['largest', 'reject'])),
      minFaceWidth: Type.Optional(orNull(Type.Number())),
      rejectOn: Type.Optional(orNull(Type.Array(textUpTo(60), { maxItems: 100 }))),
      poorQuality: Type.Optional(oneOf(['verdict', 'warning'])),
    }),
  ),
};
const changeBody = closed({ ...POLICY_MEMBERS, ifVersion: Type.Optional(textUpTo(64)) });
const previewBody = closed({
  ...POLICY_MEMBERS,
  from: Type.Optional(momentSchema),
  to: Type.Optional(momentSchema),
});
const DAY = 86_400_000;

/** What the apps decide for themselves. */
export async function policyRoutes(app: FastifyInstance, parts: AreaParts): Promise<void> {
  const { console, callers, defaults, operatingPoints = [] } = parts;
  const { rules, ledger, ownPoints } = console.backing;
  const write = { config: { access: 'apps.write' } } as const;

  app.get(
    '/policy-presets',
    {
      config: { access: 'apps.read' },
      schema: { summary: 'What a policy can name, and what counts by default' },
    },
    async () => ({
      defaults: { ...defaults, rules: DEFAULT_RULES },
      profiles: PROFILES,
      capture: CAPTURE_NAMES.map((name) => ({ name, limits: CAPTURE_PRESETS[name] })),
      rejectingReasons: rejectingReasons(),
      operatingPoints: tablesOf(await ownPoints.findOwnPoints(), operatingPoints).flatMap(
        ({ profile, points }) =>
          points.flatMap(({ name, threshold }) => (name === null ? [] : [{ profile, name, threshold }])),
      ),
    }),
  );
  app.get<{ Params: Static<typeof appParams> }>(
    '/apps/:appid/policy',
    { config: { access: 'apps.read' }, schema: { params: appParams, summary: 'The policy of an app' } },
    async (request) => {
      const found = await needApp(parts, request.params.appid);
      const own = await rules.findRules(found.appid);
      const { version } = appBody({ app: found, rules: own }, { apps: {}, keys: {}, isCut: false });
      return { ...found.policy, rules: own, version };
    },
  );
  app.put<{ Params: Static<typeof appParams>; Body: Static<typeof changeBody> }>(
    '/apps/:appid/policy',
    {
      ...write,
      schema: { params: appParams, body: changeBody, summary: 'Change what is named of the policy' },
    },
    async (request) => {
      const { appid } = request.params;
      const { ifVersion = null, rules: wanted, ...policy } = request.body;
      const changed = await callers.changes(request).changeApp(appid, { policy, rules: wanted }, ifVersion);
      return appBody(changed, await lastHour(parts, appid));
    },
  );
  app.post<{ Params: Static<typeof appParams>; Body: Static<typeof previewBody> }>(
    '/apps/:appid/policy/preview',
    {
      ...write,
      schema: {
        params: appParams,
        body: previewBody,
        summary: 'What a policy would have done to past pictures',
      },
    },
    async (request) => {
      const { from, to, profile: _, ...change } = request.body;
      checkPolicy(change);
      checkRules(change.rules ?? {});
      const { appid } = request.params;
      const now = { app: await needApp(parts, appid), appid, rules: await rules.findRules(appid) };
      const since = from === undefined ? new Date(console.clock() - 7 * DAY) : new Date(from);
      const until = to === undefined ? undefined : new Date(to);
      const newest = newestRows(ledger);
      const compared = await previewChange(newest, defaults, now, change, { since, until });
      return { from: since, to: until ?? null, isWhole: newest.isWhole(), ...compared };
    },
  );
}
