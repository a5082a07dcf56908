import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const component = fileURLToPath(new URL('../../../dist/camera/index.js', import.meta.url));

/** The strictest policy under which a page with the component still works: no inline script or style, no trusted types, no outside host. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'";

/** One answer of a site. */
export interface Resource {
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A web site on a free port of the loopback address. */
export interface Site {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  stop(): Promise<void>;
}

/** Collects what the component tells; `window.told` has the events, `window.series` what `stills` carried. */
const RECORDER = `import '/camera/index.js';
window.refusedByPolicy = [];
addEventListener('securitypolicyviolation', ({ violatedDirective }) => window.refusedByPolicy.push(violatedDirective));
window.told = [];
const camera = document.querySelector('livestill-camera');
for (const name of ['stills', 'progress', 'uploaded', 'hint', 'refused', 'error', 'statechange']) {
  camera?.addEventListener(name, ({ detail }) => {
    if (name === 'stills') window.series = detail;
    window.told.push({ name, detail: name === 'stills' ? { count: detail.stills.length, facts: detail.facts } : detail });
  });
}
`;

const SHEET = `body { margin: 0; padding: 16px; background: #e9edf3; font: 16px system-ui, sans-serif; }
h1 { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
iframe { width: 100%; height: 640px; border: 0; }
@media (prefers-color-scheme: dark) { body { background: #0a0d12; color: #eee; } }
`;

/** A page with the component, in English or Chinese, with more attributes as they stand in the tag. */
export function page(attributes = '', lang = 'en'): Resource {
  const body = `<!doctype html>
<html lang="${lang}"><head><meta charset="utf-8"><title>Camera</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/page.css"></head>
<body><main><h1>Camera</h1><livestill-camera ${attributes}></livestill-camera></main><script type="module" src="/page.js"></script></body></html>`;
  return { type: 'text/html; charset=utf-8', body, headers: { 'content-security-policy': POLICY } };
}

/** Serves the component and these pages; `later` may be filled while it runs. */
export async function startSite(
  pages: Readonly<Record<string, Resource>>,
  later: Readonly<Record<string, Resource>> = {},
): Promise<Site> {
  const asked: string[] = [];
  const resources: Record<string, Resource> = {
    '/camera/index.js': { type: 'text/javascript', body: await readFile(component) },
    '/page.js': { type: 'text/javascript', body: RECORDER },
    '/page.css': { type: 'text/css', body: SHEET },
    ...pages,
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    asked.push(path);
    const found = resources[path] ?? later[path];
    if (found === undefined) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': found.type, ...found.headers }).end(found.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, asked, stop };
}
