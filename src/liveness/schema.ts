import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** One place of a value that is not as a schema says. */
export interface Complaint {
  /** Where: `input.width`, `crops[0].kind`; empty for the whole value. */
  readonly path: string;
  /** What the schema's `expected` note says of that place. */
  readonly expected: string;
  /** What stands there, as JSON, cut to a readable length; `nothing` where nothing does. */
  readonly found: string;
  /** The members that are known at this place, where the member itself is not. */
  readonly known?: readonly string[];
}

/** What a schema's node may carry for messages. */
interface Node {
  readonly expected?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

/** A value as it would stand in the file, cut to a readable length. */
export function showValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  const json = JSON.stringify(value) ?? String(value);
  return json.length <= 80 ? json : `${json.slice(0, 77)}...`;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Follows a JSON pointer through schema and value as far as both are plain objects and lists. */
function follow(schema: Node, value: unknown, pointer: string) {
  const parts = pointer.split('/').slice(1);
  let node = schema;
  let at = value;
  let path = '';
  for (const raw of parts) {
    const part = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    const next = Array.isArray(at) ? node.items : own(node.properties, part);
    if (next === undefined) break;
    path += Array.isArray(at) ? `[${part}]` : path === '' ? part : `.${part}`;
    at = Array.isArray(at) ? at[Number(part)] : isRecord(at) ? own(at, part) : undefined;
    node = next;
  }
  return { node, at, path };
}

const own = <T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;

/**
 * Every place where `value` is not as `schema` says, in the order of the schema, one complaint a place. The
 * words come from the note `expected` of each node of the schema.
 */
export function complaintsAbout(schema: TSchema, value: unknown): readonly Complaint[] {
  const found = new Map<string, Complaint>();
  const root = schema as Node;
  const add = (complaint: Complaint) => {
    if (!found.has(complaint.path)) found.set(complaint.path, complaint);
  };
  for (const error of Value.Errors(schema, value)) {
    if (error.keyword === 'boolean') continue;
    const { node, at, path } = follow(root, value, error.instancePath);
    const member = (name: string) => (path === '' ? name : `${path}.${name}`);
    if (error.keyword === 'additionalProperties') {
      const known = Object.keys(node.properties ?? {});
      for (const name of error.params.additionalProperties) {
        add({
          path: member(name),
          expected: 'nothing',
          found: showValue(isRecord(at) ? at[name] : at),
          known,
        });
      }
    } else if (error.keyword === 'required') {
      for (const name of error.params.requiredProperties) {
        const expected = own(node.properties, name)?.expected ?? 'there';
        add({ path: member(name), expected, found: 'nothing' });
      }
    } else {
      add({ path, expected: node.expected ?? 'of another kind', found: showValue(at) });
    }
  }
  return [...found.values()];
}
