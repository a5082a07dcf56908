// An onboarding page in small: the page takes stills with the camera component, this server has each of them judged and decides.
//
//   LIVESTILL_API_KEY=lsk_… node examples/capture/server.mjs        then open http://127.0.0.1:8080/
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { LivestillClient } from 'livestill/client';

const apiKey = process.env.LIVESTILL_API_KEY;
if (!apiKey) {
  console.error('usage: LIVESTILL_API_KEY=lsk_… node examples/capture/server.mjs');
  console.error('A key: npx livestill key create APPID --kind api');
  process.exit(2);
}
const client = new LivestillClient({ baseUrl: process.env.LIVESTILL_URL ?? 'http://127.0.0.1:8787', apiKey });
const MOST_BYTES = 16 * 1024 * 1024;
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css' };
const HEADERS = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'",
  'permissions-policy': 'camera=(self)',
};

/** The form that the page sends, up to a size. */
async function formOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new RangeError('the stills are too large');
    chunks.push(chunk);
  }
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  return new Response(Buffer.concat(chunks), { headers }).formData();
}

/** Only stills that are all live pass; one attack refuses; everything else asks for new pictures. No score leaves this server. */
async function decide(request) {
  const stills = (await formOf(request)).getAll('still').filter((part) => part instanceof Blob);
  if (stills.length < 2 || stills.length > 5) throw new RangeError('expected two to five stills');
  const language = request.headers['accept-language'] ?? 'en';
  const answers = await Promise.all(stills.map((still) => client.judge(still, { language })));
  const verdicts = answers.map(({ verdict }) => verdict);
  if (verdicts.includes('attack')) return { outcome: 'refused', advice: [] };
  if (verdicts.every((verdict) => verdict === 'live')) return { outcome: 'passed', advice: [] };
  const advice = answers.flatMap(({ reasons }) => reasons.filter(({ severity }) => severity === 'error'));
  return { outcome: 'again', advice: [...new Set(advice.map((reason) => reason.advice))] };
}

/** A file of the page: those beside this one, and the modules of the component. */
function fileFor(path) {
  const [, component, name] =
    /^\/(camera\/)?([\w-]+\.(?:js|css|html))$/.exec(path === '/' ? '/index.html' : path) ?? [];
  if (name === undefined) return null;
  return new URL(name, component ? import.meta.resolve('livestill/camera') : import.meta.url);
}

const server = createServer(async (request, response) => {
  try {
    if (request.method === 'POST' && request.url === '/stills')
      return response.end(JSON.stringify(await decide(request)));
    const file = fileFor(request.url);
    if (file === null) return response.writeHead(404).end();
    const type = TYPES[file.pathname.split('.').at(-1)];
    response.writeHead(200, { ...HEADERS, 'content-type': type }).end(await readFile(file));
  } catch (error) {
    console.error(error.message);
    const refused = error instanceof RangeError || error instanceof TypeError;
    response.writeHead(refused ? 400 : error.code === 'ENOENT' ? 404 : 503).end();
  }
});
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}/`),
);
