// An onboarding page in small: this server makes a session, the page's camera component uploads straight to livestill, and
// this server reads what became of it. The browser decides nothing and never sees a score.
//
//   LIVESTILL_API_KEY=lsk_… node examples/capture/server.mjs        then open http://127.0.0.1:8080/
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { LivestillClient } from 'livestill/client';

const {
  LIVESTILL_API_KEY: apiKey,
  LIVESTILL_URL: baseUrl = 'http://127.0.0.1:8787',
  ORIGIN,
  PORT,
} = process.env;
if (!apiKey) {
  console.error('usage: LIVESTILL_API_KEY=lsk_… node examples/capture/server.mjs');
  console.error('A key: npx livestill key create APPID --kind api');
  process.exit(2);
}
const client = new LivestillClient({ baseUrl, apiKey });
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css' };
const HEADERS = {
  'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ${new URL(baseUrl).origin}`,
  'permissions-policy': 'camera=(self)',
};
/** Which session belongs to which visitor, by a cookie that scripts cannot read. */
const sessions = new Map();

/** A session for this page alone; only its address and its token go to the browser. */
async function newSession(response) {
  const visitor = randomUUID();
  const { sessionId, token } = await client.createSession({
    origin: ORIGIN ?? address(),
    reference: visitor,
  });
  sessions.set(visitor, sessionId);
  response.setHeader('set-cookie', `visitor=${visitor}; HttpOnly; SameSite=Strict; Path=/`);
  return { url: `${baseUrl}/v1/sessions/${sessionId}`, token };
}

/** What this server makes of the visitor's session: live passes, an attack is refused, all else is for a person. */
async function outcomeOf(request) {
  const [, visitor] = /(?:^|; )visitor=([\w-]+)/.exec(request.headers.cookie ?? '') ?? [];
  const sessionId = sessions.get(visitor);
  if (sessionId === undefined) return { outcome: 'failed' };
  const { outcome } = await client.getSession(sessionId);
  if (outcome === 'live') return { outcome: 'passed' };
  return { outcome: outcome === 'attack' ? 'refused' : outcome === 'review' ? 'looked-at' : 'failed' };
}

/** A file of the page: those beside this one, and the modules of the component. */
function fileFor(path) {
  const [, component, name] =
    /^\/(camera\/)?([\w-]+\.(?:js|css|html))$/.exec(path === '/' ? '/index.html' : path) ?? [];
  if (name === undefined) return null;
  return new URL(name, component ? import.meta.resolve('livestill/camera') : import.meta.url);
}

const address = () => `http://127.0.0.1:${server.address().port}`;
const server = createServer(async (request, response) => {
  try {
    const call = `${request.method} ${request.url}`;
    if (call === 'POST /session') return response.end(JSON.stringify(await newSession(response)));
    if (call === 'POST /outcome') return response.end(JSON.stringify(await outcomeOf(request)));
    const file = fileFor(request.url);
    if (file === null) return response.writeHead(404).end();
    const type = TYPES[file.pathname.split('.').at(-1)];
    response.writeHead(200, { ...HEADERS, 'content-type': type }).end(await readFile(file));
  } catch (error) {
    console.error(error.message);
    response.writeHead(error.code === 'ENOENT' ? 404 : 503).end();
  }
});
server.listen(Number(PORT ?? 8080), '127.0.0.1', () => console.log(`${address()}/`));
