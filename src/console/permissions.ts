/** What a user of the console, or an admin key, is to the service. */
export const ROLES = ['administrator', 'operator', 'auditor', 'viewer'] as const;

/** One of `ROLES`. */
export type Role = (typeof ROLES)[number];

/**
 * Who may do what: the one table that every route of the admin API names a line of. The administrator stands
 * in every line.
 */
export const PERMISSIONS = {
  users: ['administrator'],
  adminKeys: ['administrator'],
  adminLog: ['administrator', 'auditor'],
  audit: ['administrator', 'auditor'],
  erase: ['administrator'],
  'apps.read': ['administrator', 'operator', 'auditor', 'viewer'],
  'apps.write': ['administrator', 'operator'],
  keys: ['administrator', 'operator'],
  try: ['administrator', 'operator'],
  activity: ['administrator', 'operator', 'auditor', 'viewer'],
  decisions: ['administrator', 'operator', 'auditor'],
  threshold: ['administrator', 'operator'],
  review: ['administrator', 'operator'],
  doctor: ['administrator', 'operator'],
  batches: ['administrator', 'operator'],
} as const satisfies Readonly<Record<string, readonly Role[]>>;

/** A line of `PERMISSIONS`. */
export type Permission = keyof typeof PERMISSIONS;

/** Whether a role has a permission. */
export function allows(role: Role, permission: Permission): boolean {
  return (PERMISSIONS[permission] as readonly Role[]).includes(role);
}

/** All permissions of a role. */
export function permissionsOf(role: Role): readonly Permission[] {
  return (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => allows(role, permission));
}
