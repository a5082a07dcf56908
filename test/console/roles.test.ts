import { describe, expect, it } from 'vitest';
import { allows, PERMISSIONS, ROLES } from '../../src/console/permissions.ts';
import { startConsole } from './support.ts';

interface Operation {
  readonly description: string;
  readonly security: readonly object[];
}

/** Who may call what, as people decided it: a change of it is a change of this table. */
const EXPECTED: Readonly<Record<string, string>> = {
  'GET /admin/v1/state': 'everybody',
  'POST /admin/v1/setup': 'everybody',
  'POST /admin/v1/sign-in': 'everybody',
  'POST /admin/v1/sign-in/passkey/options': 'everybody',
  'POST /admin/v1/sign-in/passkey': 'everybody',
  'POST /admin/v1/sign-in/oidc': 'everybody',
  'POST /admin/v1/sign-in/oidc/finish': 'everybody',
  'GET /admin/v1/openapi.json': 'everybody',
  'POST /admin/v1/sign-out': 'user',
  'POST /admin/v1/sign-out-everywhere': 'user',
  'GET /admin/v1/me': 'any',
  'GET /admin/v1/me/sessions': 'user',
  'DELETE /admin/v1/me/sessions/{id}': 'user',
  'POST /admin/v1/me/password': 'user',
  'POST /admin/v1/me/totp': 'user',
  'POST /admin/v1/me/totp/confirm': 'user',
  'DELETE /admin/v1/me/totp': 'user',
  'GET /admin/v1/me/passkeys': 'user',
  'POST /admin/v1/me/passkeys/options': 'user',
  'POST /admin/v1/me/passkeys': 'user',
  'PATCH /admin/v1/me/passkeys/{id}': 'user',
  'DELETE /admin/v1/me/passkeys/{id}': 'user',
  'POST /admin/v1/me/proof': 'user',
  'POST /admin/v1/me/proof/passkey/options': 'user',
  'POST /admin/v1/me/proof/passkey': 'user',
  'GET /admin/v1/users': 'administrator',
  'POST /admin/v1/users': 'administrator',
  'PATCH /admin/v1/users/{id}': 'administrator',
  'DELETE /admin/v1/users/{id}': 'administrator',
  'POST /admin/v1/users/{id}/reset': 'administrator',
  'POST /admin/v1/users/{id}/reset-second-factor': 'administrator',
  'GET /admin/v1/admin-keys': 'administrator',
  'POST /admin/v1/admin-keys': 'administrator',
  'DELETE /admin/v1/admin-keys/{id}': 'administrator',
  'POST /admin/v1/master-key/rotate': 'administrator',
  'GET /admin/v1/admin-log': 'administrator auditor',
  'GET /admin/v1/apps': 'administrator operator auditor viewer',
  'POST /admin/v1/apps': 'administrator operator',
  'GET /admin/v1/apps/{appid}': 'administrator operator auditor viewer',
  'PATCH /admin/v1/apps/{appid}': 'administrator operator',
  'GET /admin/v1/apps/{appid}/policy': 'administrator operator auditor viewer',
  'PUT /admin/v1/apps/{appid}/policy': 'administrator operator',
  'POST /admin/v1/apps/{appid}/policy/preview': 'administrator operator',
  'GET /admin/v1/policy-presets': 'administrator operator auditor viewer',
  'GET /admin/v1/apps/{appid}/secrets': 'administrator operator',
  'POST /admin/v1/apps/{appid}/secrets': 'administrator operator',
  'PATCH /admin/v1/secrets/{id}': 'administrator operator',
  'POST /admin/v1/secrets/{id}/rotate': 'administrator operator',
  'GET /admin/v1/apps/{appid}/api-keys': 'administrator operator',
  'POST /admin/v1/apps/{appid}/api-keys': 'administrator operator',
  'PATCH /admin/v1/api-keys/{id}': 'administrator operator',
  'POST /admin/v1/api-keys/{id}/rotate': 'administrator operator',
  'GET /admin/v1/review': 'administrator operator',
  'PUT /admin/v1/review/{requestId}': 'administrator operator',
  'GET /admin/v1/review/export.csv': 'administrator operator',
  'GET /admin/v1/audit/verification': 'administrator auditor',
  'POST /admin/v1/audit/verification': 'administrator auditor',
  'POST /admin/v1/audit/head': 'administrator auditor',
  'POST /admin/v1/audit/erasure/preview': 'administrator',
  'POST /admin/v1/audit/erasure': 'administrator',
};

describe('the routes of the admin API', () => {
  it('are the ones of the table, each tried with every role, as a user and with a key', async () => {
    const started = await startConsole();
    const { body: described } = await started.call('GET', '/admin/v1/openapi.json');
    const paths = described.paths as Record<string, Record<string, Operation>>;
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual(Object.keys(EXPECTED).sort());

    const wrong: string[] = [];
    const users = new Map<string, Awaited<ReturnType<typeof started.signedIn>>>();
    const keys = new Map<string, string>();
    for (const role of ROLES) keys.set(role, await started.adminKey(role));
    for (const [route, expected] of Object.entries(EXPECTED)) {
      const [method = '', path = ''] = route.split(' ');
      const target = path.replace(/\{\w+\}/g, 'nothing');
      const body = method === 'GET' ? {} : { body: {} };
      const nobody = await started.call(method, target, body);
      const needsNobody = expected === 'everybody';
      if ((nobody.status === 401) === needsNobody) wrong.push(`${route}: nobody ${nobody.status}`);
      for (const role of ROLES) {
        let browser = users.get(role);
        // Signing out is one of the routes.
        if (browser === undefined || (await browser.call('GET', '/admin/v1/me')).status !== 200) {
          browser = await started.signedIn(role, `${role} ${users.size} ${route}`);
          users.set(role, browser);
        }
        const asUser = await browser.call(method, target, body);
        const authorization = `Bearer ${keys.get(role)}`;
        const asKey = await started.call(method, target, { ...body, headers: { authorization } });
        const mayAsUser = ['everybody', 'any', 'user'].includes(expected) || expected.includes(role);
        const mayAsKey = mayAsUser && expected !== 'user';
        const refused = ({ status, body: answer }: typeof asUser) =>
          (status === 401 && answer?.code === 'sign_in_needed') || answer?.code === 'not_permitted';
        if (refused(asUser) === mayAsUser) wrong.push(`${route}: ${role} ${asUser.status}`);
        if (refused(asKey) === mayAsKey) wrong.push(`${route}: a key of ${role} ${asKey.status}`);
        for (const { status } of [asUser, asKey]) if (status >= 500) wrong.push(`${route}: ${status}`);
      }
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  it('are all open to administrators, and change nothing for auditors and viewers', () => {
    for (const permission of Object.keys(PERMISSIONS) as (keyof typeof PERMISSIONS)[]) {
      expect(allows('administrator', permission)).toBe(true);
    }
    for (const permission of [
      'users',
      'adminKeys',
      'apps.write',
      'keys',
      'threshold',
      'review',
      'erase',
    ] as const) {
      expect([allows('auditor', permission), allows('viewer', permission)]).toEqual([false, false]);
    }
  });
});

/** What asks a user to show again who it is: it grants rights, or cannot be undone. */
const PROVEN: readonly string[] = [
  'POST /admin/v1/apps',
  'POST /admin/v1/users',
  'PATCH /admin/v1/users/{id}',
  'DELETE /admin/v1/users/{id}',
  'POST /admin/v1/users/{id}/reset',
  'POST /admin/v1/users/{id}/reset-second-factor',
  'POST /admin/v1/admin-keys',
  'DELETE /admin/v1/admin-keys/{id}',
  'POST /admin/v1/master-key/rotate',
  'POST /admin/v1/apps/{appid}/secrets',
  'PATCH /admin/v1/secrets/{id}',
  'POST /admin/v1/secrets/{id}/rotate',
  'POST /admin/v1/apps/{appid}/api-keys',
  'PATCH /admin/v1/api-keys/{id}',
  'POST /admin/v1/api-keys/{id}/rotate',
  'POST /admin/v1/audit/erasure',
];

it('the routes of the table ask users for a proof that is not too old, others do not, keys never', async () => {
  const started = await startConsole();
  const authorization = `Bearer ${await started.adminKey('administrator')}`;
  let browser = await started.signedIn('administrator');
  const asked: string[] = [];
  for (const [route, expected] of Object.entries(EXPECTED)) {
    if (expected === 'everybody') continue;
    const [method = '', path = ''] = route.split(' ');
    const target = path.replace(/\{\w+\}/g, 'nothing');
    const body = method === 'GET' ? {} : { body: {} };
    const fresh = await browser.call(method, target, body);
    expect([route, fresh.body?.code]).not.toEqual([route, 'proof_needed']);
    // Signing out is one of the routes.
    if ((await browser.call('GET', '/admin/v1/me')).status !== 200) await browser.signIn('the administrator');
    started.clock.now += 5 * 60_000;
    const stale = await browser.call(method, target, body);
    if (stale.body?.code === 'proof_needed') asked.push(`${route} ${stale.status}`);
    const asKey = await started.call(method, target, { ...body, headers: { authorization } });
    expect([route, asKey.body?.code]).not.toEqual([route, 'proof_needed']);
    browser = started.browser();
    expect((await browser.signIn('the administrator')).status).toBe(200);
  }
  expect(asked.sort()).toEqual(PROVEN.map((route) => `${route} 403`).sort());
}, 60_000);

describe('a change of role', () => {
  it('counts at once: the sessions of the user end', async () => {
    const started = await startConsole();
    const admin = await started.signedIn('administrator');
    const operator = await started.signedIn('operator', 'Bob');
    expect((await operator.call('POST', '/admin/v1/apps', { body: { name: 'x' } })).status).toBe(201);
    const { items } = (await admin.call('GET', '/admin/v1/users')).body;
    const { id } = items.find(({ name }: { readonly name: string }) => name === 'Bob');
    expect((await admin.call('PATCH', `/admin/v1/users/${id}`, { body: { role: 'viewer' } })).status).toBe(
      200,
    );
    expect((await operator.call('POST', '/admin/v1/apps', { body: {} })).status).toBe(401);
    await operator.signIn('Bob');
    expect((await operator.call('POST', '/admin/v1/apps', { body: {} })).status).toBe(403);
  });
});

describe('a path that is none', () => {
  it('is a problem under the admin API, and the old envelope elsewhere', async () => {
    const started = await startConsole();
    const inside = await started.call('GET', '/admin/v1/nothing');
    expect(inside).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(inside.headers.get('content-type')).toContain('application/problem+json');
    const outside = await started.call('GET', '/nothing');
    expect(outside.body).toMatchObject({ code: 3, data: {} });
    expect((await started.call('GET', '/healthz')).body).toEqual({ status: 'ok' });
  });
});
