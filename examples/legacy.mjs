// Scores a picture with the old API, POST /face/livedetectpicture.
//
//   LIVESTILL_APPID=… LIVESTILL_SECRET_ID=… LIVESTILL_SECRET_KEY=… node examples/legacy.mjs selfie.jpg
import { readFile } from 'node:fs/promises';
import { LegacyClient, LegacyError } from 'livestill/client';

const client = new LegacyClient({
  baseUrl: process.env.LIVESTILL_URL ?? 'http://127.0.0.1:8787',
  appid: process.env.LIVESTILL_APPID ?? '',
  secretId: process.env.LIVESTILL_SECRET_ID ?? '',
  secretKey: process.env.LIVESTILL_SECRET_KEY ?? '',
});

try {
  const { score } = await client.judge(await readFile(process.argv[2]));
  console.log(`${score} ${score > 87 ? 'live' : 'not taken for live'}`);
} catch (error) {
  if (!(error instanceof LegacyError)) throw error;
  console.log(`code ${error.code}: ${error.message}`);
  process.exitCode = 1;
}
