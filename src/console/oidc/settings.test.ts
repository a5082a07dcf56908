import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROLES } from '../permissions.ts';
import { claimOf, roleOf } from './settings.ts';

describe('the claim with the groups', () => {
  it.each([
    ['groups', { groups: ['a'] }, ['a']],
    ['realm_access.roles', { realm_access: { roles: ['a'] } }, ['a']],
    ['https://example.org/groups', { 'https://example.org/groups': 'a' }, 'a'],
    ['a.b', { 'a.b': 'whole', a: { b: 'inner' } }, 'whole'],
    ['groups', {}, undefined],
    ['a.b.c', { a: { b: null } }, undefined],
    ['constructor.name', {}, undefined],
    ['__proto__.x', {}, undefined],
  ])('%s is found in %j', (path, claims, expected) => {
    expect(claimOf(claims, path)).toEqual(expected);
  });
});

describe('the role of some groups', () => {
  const groups = { administrator: ['admins'], operator: ['desk'], auditor: ['audit'], viewer: ['staff'] };
  const settings = { groups, others: 'refuse' } as const;

  it.each([
    [['staff', 'audit', 'desk', 'admins'], 'administrator'],
    [['audit', 'desk'], 'operator'],
    ['audit', 'auditor'],
    [['staff'], 'viewer'],
    [[['admins']], null],
    ['admins,desk', null],
    [['ADMINS'], null],
    [{ admins: true }, null],
    [null, null],
  ])('%j is %s', (value, expected) => {
    expect(roleOf(value, settings)).toBe(expected);
  });

  it('is never more than one of the groups gives, whatever a provider says', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const names = [value].flat();
        const role = roleOf(value, settings);
        if (role !== null) expect(groups[role].some((group) => names.includes(group))).toBe(true);
        else expect(ROLES.some((one) => groups[one].some((group) => names.includes(group)))).toBe(false);
        expect(roleOf(value, { ...settings, others: 'viewer' })).toBe(role ?? 'viewer');
      }),
    );
  });
});
