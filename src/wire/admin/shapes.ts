import Type from 'typebox';
import { ROLES } from '../../console/permissions.ts';

/** An object that takes no other members. */
export const closed = <P extends Parameters<typeof Type.Object>[0]>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });
/** A text up to a length. */
export const textUpTo = (maxLength: number, minLength = 1) => Type.String({ minLength, maxLength });
/** One of some words. */
export const oneOf = <const V extends string>(values: readonly V[]) =>
  Type.Unsafe<V>({ type: 'string', enum: [...values] });
/** A value or null. */
export const orNull = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

/** A role of a user or key. */
export const roleSchema = oneOf(ROLES);
/** Whether a text in the form of a moment is one: no 99th month. */
export const isMoment = (text: string): boolean => !Number.isNaN(Date.parse(text));
/** A moment, ISO 8601. */
export const momentSchema = Type.Refine(
  Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?Z$' }),
  isMoment,
  () => 'must be a moment that there is',
);
/** A list of addresses or networks. */
export const networksSchema = Type.Array(textUpTo(100), { maxItems: 100 });
/** Where a page begins, and how long it is. */
export const PAGE_QUERY = {
  after: Type.Optional(textUpTo(200)),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
};
/** An id in a path. */
export const idParams = closed({ id: textUpTo(200) });
/** An app in a path. */
export const appParams = closed({ appid: textUpTo(15) });

/** The length of a page where none is asked for. */
export const PAGE = 50;

/** A page of what was read with one row more than the page holds. */
export function pageOf<T>(
  rows: readonly T[],
  limit: number,
  cursor: (last: T) => string,
): { readonly items: readonly T[]; readonly next: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? cursor(last) : null };
}
