// An onboarding page in small: this server makes a session, the page's camera component uploads straight to livestill, and
// this server reads what became of it. The browser decides nothing and never sees a score. README.md says how to try it.
//
//   LIVESTILL_API_KEY=lsk_… node examples/capture/server.mjs        then open http://127.0.0.1:8080/
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { LivestillClient } from 'livestill/client';

const { LIVESTILL_API_KEY: apiKey, LIVESTILL_URL: baseUrl = 'http://127.0.0.1:8787' } = process.env;
const { LIVESTILL_PUBLIC_URL: publicUrl = baseUrl, ORIGIN, HOST = '127.0.0.1', PORT = '8080' } = process.env;
if (!apiKey) {
  console.error('usage: LIVESTILL_API_KEY=lsk_… node examples/capture/server.mjs');
  console.error('A key: npx livestill key create APPID --kind api');
  process.exit(2);
}
const client = new LivestillClient({ baseUrl, apiKey });
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css' };
const HEADERS = {
  'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ${new URL(publicUrl).origin}`,
  'permissions-policy': 'camera=(self)',
};
/** Which session belongs to which visitor: a cookie that scripts cannot read. Yours would stand with the visitor's login. */
const visitors = new Map();
const visitorOf = ({ headers }) => /(?:^|; )visitor=([\w-]+)/.exec(headers.cookie ?? '')?.[1];

/** A session for this page alone; only its address and its token go to the browser. */
async function newSession(request, response) {
  // The page's origin as its browser names it. A session is bound to one, so only those of this site are taken.
  const { origin } = request.headers;
  if (!origins().includes(origin)) {
    console.error(`A page of ${origin} asked for a session. Where that is this site, set ORIGIN=${origin}`);
    return response.writeHead(403).end();
  }
  const visitor = visitorOf(request) ?? randomUUID();
  const { sessionId, token } = await client.createSession({ origin, reference: visitor });
  visitors.set(sessionId, visitor);
  response.setHeader('set-cookie', `visitor=${visitor}; HttpOnly; SameSite=Strict; Path=/`);
  response.end(JSON.stringify({ sessionId, url: `${publicUrl}/v1/sessions/${sessionId}`, token }));
}

/** What this server makes of a session of the visitor's: live passes, an attack is refused, all else is for a person. */
async function outcomeOf(sessionId, request) {
  if (!visitors.has(sessionId) || visitors.get(sessionId) !== visitorOf(request)) return 'failed';
  const { outcome } = await client.getSession(sessionId);
  return { live: 'passed', attack: 'refused', review: 'looked-at' }[outcome] ?? 'failed';
}

/** A file of the page: those beside this one, and the modules of the component. */
function fileFor(path) {
  const [, component, name] =
    /^\/(camera\/)?([\w-]+\.(?:js|css|html))$/.exec(path === '/' ? '/index.html' : path) ?? [];
  if (name === undefined) return null;
  return new URL(name, component ? import.meta.resolve('livestill/camera') : import.meta.url);
}

const origins = () =>
  ORIGIN ? [ORIGIN] : ['127.0.0.1', 'localhost'].map((host) => `http://${host}:${server.address().port}`);
const server = createServer(async (request, response) => {
  const { method, url } = request;
  try {
    const [, sessionId] = /^\/outcome\/([\w-]+)$/.exec(url) ?? [];
    if (method === 'POST' && url === '/session') return await newSession(request, response);
    if (method === 'POST' && sessionId !== undefined)
      return response.end(JSON.stringify({ outcome: await outcomeOf(sessionId, request) }));
    const file = fileFor(url);
    if (file === null) return response.writeHead(404).end();
    const type = TYPES[file.pathname.split('.').at(-1)];
    response.writeHead(200, { ...HEADERS, 'content-type': type }).end(await readFile(file));
  } catch (error) {
    console.error(error.code === 'ENOENT' ? error.message : `livestill at ${baseUrl}: ${error.message}`);
    response.writeHead(error.code === 'ENOENT' ? 404 : 503).end();
  }
});
server.on('error', ({ message }) => {
  console.error(message);
  process.exit(1);
});
server.listen(Number(PORT), HOST, () => console.log(`${origins()[0]}/`));
