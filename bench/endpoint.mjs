/**
 * node bench/endpoint.mjs --url URL --file selfie.jpg [--field image] [--header 'Name: value']… [--form name=value]…
 *   [--json-field image] [--raw] [--connections 1] [--seconds 10]
 *
 * Times any HTTP endpoint that takes a picture: as a multipart part (default), as base64 in JSON, or as the raw body.
 * Aim it at a service of your own only.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { percentile, printTable } from './support.mjs';

const { values: o } = parseArgs({
  options: {
    url: { type: 'string' },
    file: { type: 'string' },
    field: { type: 'string', default: 'image' },
    'json-field': { type: 'string' },
    raw: { type: 'boolean', default: false },
    header: { type: 'string', multiple: true, default: [] },
    form: { type: 'string', multiple: true, default: [] },
    connections: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '10' },
  },
});
if (!o.url || !o.file) {
  console.error('--url and --file are needed; the beginning of this script lists the options');
  process.exit(2);
}
const picture = await readFile(o.file);
const pairs = o.form.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]);
const headers = Object.fromEntries(
  o.header.map((text) => [
    text.slice(0, text.indexOf(':')).trim().toLowerCase(),
    text.slice(text.indexOf(':') + 1).trim(),
  ]),
);
let body;
let type;
if (o.raw) {
  body = picture;
  type = 'image/jpeg';
} else if (o['json-field'] !== undefined) {
  body = Buffer.from(
    JSON.stringify({ ...Object.fromEntries(pairs), [o['json-field']]: picture.toString('base64') }),
  );
  type = 'application/json';
} else {
  const form = new FormData();
  for (const [name, value] of pairs) form.set(name, value);
  form.set(o.field, new Blob([picture]), 'picture.jpg');
  const encoded = new Response(form);
  type = encoded.headers.get('content-type');
  body = Buffer.from(await encoded.arrayBuffer());
}
const child = spawn(process.execPath, [fileURLToPath(new URL('load.mjs', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
child.stdin.end(
  JSON.stringify({
    url: o.url,
    body: body.toString('base64'),
    headers: { 'content-type': type, ...headers },
    connections: Number(o.connections),
    seconds: Number(o.seconds),
    anyAnswer: true,
  }),
);
let out = '';
for await (const chunk of child.stdout) out += chunk;
const result = JSON.parse(out);
printTable([
  ['connections', 'per second', 'p50 ms', 'p90 ms', 'p99 ms', 'answers'],
  [
    o.connections,
    result.perSecond.toFixed(1),
    ...[0.5, 0.9, 0.99].map((p) => percentile(result.latencies, p).toFixed(1)),
    JSON.stringify(result.codes),
  ],
]);
