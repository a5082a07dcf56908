// Scores a picture with the old API, POST /face/livedetectpicture.
//
//   LIVESTILL_APPID=… LIVESTILL_SECRET_ID=… LIVESTILL_SECRET_KEY=… node examples/legacy.mjs selfie.jpg
import { readFile } from 'node:fs/promises';
import { LegacyClient, LegacyError } from 'livestill/client';

const {
  LIVESTILL_APPID: appid,
  LIVESTILL_SECRET_ID: secretId,
  LIVESTILL_SECRET_KEY: secretKey,
} = process.env;
const [picture] = process.argv.slice(2);
if (!appid || !secretId || !secretKey || picture === undefined) {
  console.error(
    'usage: LIVESTILL_APPID=… LIVESTILL_SECRET_ID=… LIVESTILL_SECRET_KEY=… node examples/legacy.mjs PICTURE',
  );
  console.error('An app and its keys: npx livestill app create');
  process.exit(2);
}

const client = new LegacyClient({
  baseUrl: process.env.LIVESTILL_URL ?? 'http://127.0.0.1:8787',
  appid,
  secretId,
  secretKey,
});

try {
  const { score } = await client.judge(await readFile(picture));
  console.log(`${score} ${score > 87 ? 'live' : 'not taken for live'}`);
} catch (error) {
  if (!(error instanceof LegacyError)) throw error;
  console.log(`code ${error.code}: ${error.message}`);
  process.exitCode = 1;
}
