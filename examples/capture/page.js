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
const ask = (path) => fetch(path, { method: 'POST' }).then((response) => response.json());
const say = (kind, advice = []) => {
  outcome.textContent = [SAYS[kind], ...advice].join(' ');
  outcome.dataset.outcome = kind;
};

camera.addEventListener('stills', () => {
  outcome.textContent = 'One moment …';
});
// The service tells the page only whether pictures were taken; what became of them this site's own server knows.
camera.addEventListener('uploaded', async ({ detail }) => {
  if (detail.state === 'again') {
    const advice = detail.hints.map((hint) => hint.advice);
    return say('again', advice);
  }
  const { outcome: kind } = await ask('/outcome').catch(() => ({ outcome: 'failed' }));
  say(kind);
  camera.remove();
});
camera.addEventListener('error', ({ detail }) => detail.kind === 'session_over' && say('failed'));
camera.session = await ask('/session').catch(() => null);
if (camera.session === null) say('failed');
