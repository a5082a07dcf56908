// Presses through the camera component of a page in Firefox, by WebDriver BiDi, and prints what the page told, as JSON.
//   node --experimental-websocket firefox.mjs FIREFOX PROFILE URL PREFERENCES
// A program of its own: Node 20 has WebSocket behind that flag alone.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const [firefox, profile, url, given] = process.argv.slice(2);
/** A made camera, and nothing that Firefox does for its own sake. */
const preferences = {
  'media.navigator.streams.fake': true,
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  ...JSON.parse(given),
};
const lines = Object.entries(preferences).map(
  ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
);
await writeFile(join(profile, 'user.js'), lines.join('\n'));
const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'];
const browser = spawn(firefox, args, { env: { ...process.env, HOME: profile } });
process.once('exit', () => browser.kill('SIGKILL'));

/** Where Firefox takes commands; it says so once it is there. */
const endpoint = await new Promise((resolve, reject) => {
  let said = '';
  browser.once('exit', (code) => reject(new Error(`Firefox ended with ${code}: ${said}`)));
  browser.stderr.on('data', (part) => {
    said += part;
    const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
    if (found !== null) resolve(found[1]);
  });
});
const socket = new WebSocket(`${endpoint}/session`);
await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
const waiting = new Map();
socket.onmessage = ({ data }) => {
  const { id, type, result, message } = JSON.parse(data);
  const [resolve, reject] = waiting.get(id) ?? [];
  waiting.delete(id);
  if (type === 'error') reject?.(new Error(message));
  else resolve?.(result);
};
let last = 0;
const call = (method, params) =>
  new Promise((resolve, reject) => {
    last += 1;
    waiting.set(last, [resolve, reject]);
    socket.send(JSON.stringify({ id: last, method, params }));
  });

await call('session.new', { capabilities: {} });
const { contexts } = await call('browsingContext.getTree', {});
const { context } = contexts[0];
await call('browsingContext.navigate', { context, url, wait: 'complete' });
const evaluate = async (expression) => {
  const params = { target: { context }, awaitPromise: true, userActivation: true };
  const answer = await call('script.evaluate', { expression: `JSON.stringify(${expression})`, ...params });
  if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text);
  return JSON.parse(answer.result.value ?? 'null');
};
const told = (name) => evaluate(`window.told.some(({ name }) => name === ${JSON.stringify(name)})`);
const press = async () => {
  // Not in the moment in which the button changed.
  await sleep(450);
  await evaluate(
    `document.querySelector('livestill-camera').shadowRoot.querySelector('.main').click() ?? null`,
  );
};
await press();
while (!(await told('hint')) && !(await told('refused'))) await sleep(50);
if (await told('hint')) await press();
while (!(await told('stills')) && !(await told('refused'))) await sleep(50);
console.log(JSON.stringify(await evaluate('window.told')));
process.exit(0);
