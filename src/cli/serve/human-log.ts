import type { DestinationStream } from 'pino';
import { printableName } from '../shared/printable.ts';

type Line = Readonly<Record<string, unknown>>;

const SEVERITIES: Readonly<Record<number, string>> = { 40: 'warning', 50: 'error', 60: 'fatal' };

/** Members of a line that are said in a place of their own, or say nothing to the person at the terminal. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'level',
  'time',
  'pid',
  'hostname',
  'msg',
  'event',
  'err',
  'detail',
]);

/**
 * A destination for pino that writes each JSON line as one short line for a person at a terminal: local time,
 * what came of the request or what happened, and the request's id, by which the audit log has the rest.
 * Nothing in a line acts on the terminal. What is no JSON object is passed on as it is.
 */
export function humanLog(destination: DestinationStream): DestinationStream {
  return {
    write: (text) => {
      const line = parsed(text);
      destination.write(line === null ? text : `${printableName(lineOf(line))}\n`);
    },
  };
}

function parsed(text: string): Line | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Line) : null;
  } catch {
    return null;
  }
}

function lineOf(line: Line): string {
  const time = new Date(String(line.time)).toTimeString().slice(0, 8);
  const severity = SEVERITIES[Number(line.level)];
  const what = line.event === 'decision' || line.event === 'aborted' ? requestOf(line) : eventOf(line);
  return `${time}  ${severity === undefined ? '' : `${severity}: `}${what}`;
}

/**
 * `live 92  105 ms  1388809914  url:example.org  from 10.0.0.7  3f0c…`; of a refusal the code, its reason and
 * the detail.
 */
function requestOf(line: Line): string {
  const { verdict, score, code, http, reason, detail, milliseconds } = line;
  const outcome =
    typeof verdict === 'string'
      ? `${verdict}${typeof score === 'number' ? ` ${score}` : ''}`
      : line.event === 'aborted'
        ? 'caller went away'
        : `refused, code ${code} (HTTP ${http})${said(': ', reason)}${said(', ', detail)}`;
  return [
    outcome,
    typeof milliseconds === 'number' ? `${Math.round(milliseconds)} ms` : '',
    said('app ', line.appid ?? line.claimedAppid),
    said('', line.source),
    said('from ', line.callerAddress),
    said('', line.requestId),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

/** The message, what went wrong, and the remaining members as `name=value`. */
function eventOf(line: Line): string {
  const { msg, detail, err } = line;
  const facts = Object.entries(line)
    .filter(([name]) => !ELSEWHERE.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const cause = typeof err === 'object' && err !== null && 'message' in err ? err.message : err;
  return `${msg ?? line.event}${said(': ', detail)}${said(': ', cause)}${facts.length === 0 ? '' : `  ${facts.join(' ')}`}`;
}

function said(before: string, value: unknown): string {
  return value === undefined || value === null || value === '' ? '' : `${before}${String(value)}`;
}
