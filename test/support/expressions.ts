import { parseAst } from 'rolldown/parseAst';
import { analyse } from 'scslre';

/** One regular expression that can take longer than linear time. */
export interface SlowExpression {
  /** As it stands in the source; of one that is put together at run time, the call. */
  readonly expression: string;
  /** Why: two parts that can share the same text between them, one that can with itself, a start that is tried at every place; or unknown. */
  readonly why: 'Trade' | 'Self' | 'Move' | 'made at run time';
}

interface AstNode {
  readonly type?: string;
  readonly start?: number;
  readonly end?: number;
  readonly regex?: { readonly pattern: string; readonly flags: string };
  readonly callee?: { readonly name?: string };
  readonly arguments?: readonly { readonly type?: string; readonly value?: unknown }[];
}

/** What was found in one TypeScript source. */
export interface Expressions {
  readonly count: number;
  readonly slow: readonly SlowExpression[];
}

/**
 * Looks at every regular expression of a source: literals and `RegExp` of literal texts. One that is put together at run time cannot be
 * looked at and is reported.
 */
export function expressionsOf(source: string): Expressions {
  const slow: SlowExpression[] = [];
  let count = 0;
  const look = (pattern: string, flags: string) => {
    count++;
    const [worst] = analyse({ source: pattern, flags }, {}).reports;
    if (worst !== undefined) slow.push({ expression: `/${pattern}/${flags}`, why: worst.type });
  };
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const one of node) visit(one);
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
    const { type, start, end, regex, callee, arguments: given } = node as AstNode;
    if (type === 'Literal' && regex !== undefined) look(regex.pattern, regex.flags);
    if ((type === 'NewExpression' || type === 'CallExpression') && callee?.name === 'RegExp') {
      const [pattern, flags] = given ?? [];
      const literal = pattern?.type === 'Literal' && typeof pattern.value === 'string';
      const flagged = flags === undefined || typeof flags.value === 'string';
      if (literal && flagged) look(pattern.value as string, (flags?.value as string | undefined) ?? '');
      else slow.push({ expression: source.slice(start, end), why: 'made at run time' });
    }
    for (const member of Object.values(node)) visit(member);
  };
  visit(parseAst(source, { lang: 'ts' }));
  return { count, slow };
}
