import '/camera/index.js';

const camera = document.querySelector('livestill-camera');
const outcome = document.querySelector('#outcome');

const SAYS = {
  passed: 'Thank you, that is all.',
  refused: 'We cannot confirm this. Please visit a branch with your document.',
  'looked-at': 'Thank you. One of us will look at this and write to you.',
  again: 'Please take the pictures once more.',
  failed: 'That did not work. Please load the page again in a moment.',
};
const start = outcome.textContent;
const ask = async (path) => {
  const response = await fetch(path, { method: 'POST' });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
};
/** Says how it ended, and takes the camera away unless there is another try. */
const say = (kind, advice = []) => {
  outcome.textContent = [SAYS[kind], ...advice].join(' ');
  outcome.dataset.outcome = kind;
  if (kind !== 'again') camera.remove();
};

let sessionId;
/** A new session from this site's own server; the component begins anew with it. */
async function renew() {
  try {
    const session = await ask('/session');
    sessionId = session.sessionId;
    camera.session = session;
    camera.hidden = false;
  } catch {
    say('failed');
  }
}

camera.addEventListener('statechange', ({ detail }) => {
  if (detail.state === 'uploading') outcome.textContent = 'One moment …';
  else if (detail.state === 'asking') outcome.textContent = start;
});
// The service tells the page only whether pictures were taken; what became of them this site's own server knows.
camera.addEventListener('uploaded', async ({ detail }) => {
  if (detail.state === 'again') {
    const advice = detail.hints.map((hint) => hint.advice);
    return say('again', advice);
  }
  const { outcome: kind } = await ask(`/outcome/${sessionId}`).catch(() => ({ outcome: 'failed' }));
  say(kind);
});
camera.addEventListener('error', async ({ detail }) => {
  outcome.textContent = start;
  // Its time was over before the pictures were there. Where the service wants none of them, a new one helps too.
  if (detail.kind === 'session_over' || detail.kind === 'session_refused') await renew();
});
await renew();
