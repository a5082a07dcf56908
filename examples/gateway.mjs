// A small server of your own between a web page and livestill: the page sends a photo, the API key stays here.
//
//   LIVESTILL_API_KEY=lsk_… node examples/gateway.mjs        then: curl --data-binary @selfie.jpg http://127.0.0.1:8080/
import { createServer } from 'node:http';
import { ApiError, InputError, LivestillClient } from 'livestill/client';

const apiKey = process.env.LIVESTILL_API_KEY;
if (!apiKey) {
  console.error('usage: LIVESTILL_API_KEY=lsk_… node examples/gateway.mjs');
  console.error('A key: npx livestill key create APPID --kind api');
  process.exit(2);
}

const client = new LivestillClient({
  baseUrl: process.env.LIVESTILL_URL ?? 'http://127.0.0.1:8787',
  apiKey,
  maxPictureBytes: 6 * 1024 * 1024,
});

const server = createServer(async (request, response) => {
  const say = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  try {
    // A request is a stream of bytes: it is handed over as it is.
    const { verdict, reasons } = await client.judge(request, {
      language: request.headers['accept-language'] ?? 'en',
    });
    // Whoever tries to get past learns no score.
    say(200, {
      passed: verdict === 'live',
      again: verdict === 'poor_quality' || verdict === 'no_face',
      hints: reasons.map((reason) => reason.advice),
    });
  } catch (error) {
    if (error instanceof InputError) say(413, { passed: false, again: true, hints: [] });
    else if (error instanceof ApiError && error.status === 422)
      say(422, { passed: false, again: true, hints: [error.action] });
    else say(503, { passed: false, again: true, hints: [] });
  }
});

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}/`),
);
