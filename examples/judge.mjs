// Judges pictures with the v1 API and says what to do with each answer.
//
//   LIVESTILL_API_KEY=lsk_… node examples/judge.mjs selfie.jpg https://example.org/other.jpg
//
// LIVESTILL_URL says where the service is (default: http://127.0.0.1:8787).
import { readFile } from 'node:fs/promises';
import { ApiError, LivestillClient } from 'livestill/client';

const pictures = process.argv.slice(2);
const apiKey = process.env.LIVESTILL_API_KEY;
if (!apiKey || pictures.length === 0) {
  console.error(
    'usage: LIVESTILL_API_KEY=lsk_… node examples/judge.mjs PICTURE…   (files or http addresses)',
  );
  console.error('A key: npx livestill key create APPID --kind api');
  process.exit(2);
}

const client = new LivestillClient({
  baseUrl: process.env.LIVESTILL_URL ?? 'http://127.0.0.1:8787',
  apiKey,
  language: process.env.LANG?.startsWith('zh') ? 'zh' : 'en',
});

for (const picture of pictures) {
  const input = /^https?:/.test(picture) ? picture : await readFile(picture);
  try {
    console.log(`${picture}: ${whatToDo(await client.judge(input))}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // A request that was refused: nothing is known about the picture, so nobody is turned away for it.
    console.log(`${picture}: not judged (${error.code}): ${error.message}`);
    process.exitCode = 1;
  }
}

/** Only "attack" speaks against the picture; everything that was not checked asks for another photo. */
function whatToDo({ verdict, score, threshold, reasons }) {
  const advice = reasons.filter((reason) => reason.severity === 'error').map((reason) => reason.advice);
  switch (verdict) {
    case 'live':
      return `live (${score} of 100, threshold ${threshold})`;
    case 'attack':
      return `refused (${score} of 100, threshold ${threshold})`;
    default:
      return `another photo, please (${verdict}): ${advice.join(' ')}`;
  }
}
