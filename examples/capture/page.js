import '/camera/index.js';

const camera = document.querySelector('livestill-camera');
const outcome = document.querySelector('#outcome');

const SAYS = {
  passed: 'Thank you, that is all.',
  refused: 'We cannot confirm this. Please visit a branch with your document.',
  again: 'Please take the pictures once more.',
  failed: 'That did not work. Please take the pictures again in a moment.',
};

camera.addEventListener('stills', async ({ detail }) => {
  outcome.textContent = 'One moment …';
  const form = new FormData();
  for (const still of detail.stills) form.append('still', still, 'still.jpg');
  // The server decides; the page only says what it was told.
  const answer = await fetch('/stills', { method: 'POST', body: form })
    .then((response) => (response.ok ? response.json() : null))
    .catch(() => null);
  const { outcome: kind, advice } = answer ?? { outcome: 'failed', advice: [] };
  outcome.textContent = [SAYS[kind], ...advice].join(' ');
  outcome.dataset.outcome = kind;
  if (kind === 'passed' || kind === 'refused') camera.remove();
});
