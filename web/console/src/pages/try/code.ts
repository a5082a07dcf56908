/** The languages that a call is shown in. */
export const CODE_LANGUAGES = ['curl', 'TypeScript', 'Python', 'PHP', 'legacy'] as const;

/** One of `CODE_LANGUAGES`. */
export type CodeLanguage = (typeof CODE_LANGUAGES)[number];

/** A call that judges a picture, ready to be run but for key and file. */
export function codeOf(language: CodeLanguage, service: string): string {
  const url = `${service}/v1/liveness`;
  switch (language) {
    case 'curl':
      return `curl ${url} \\
  -H 'Authorization: Bearer YOUR_API_KEY' \\
  -H 'Content-Type: image/jpeg' \\
  --data-binary @picture.jpg`;
    case 'TypeScript':
      return `import { readFile } from 'node:fs/promises';

const response = await fetch('${url}', {
  method: 'POST',
  headers: {
    authorization: 'Bearer YOUR_API_KEY',
    'content-type': 'image/jpeg',
  },
  body: await readFile('picture.jpg'),
});
const answer = await response.json();
if (!response.ok) throw new Error(answer.detail);
console.log(answer.verdict, answer.score, answer.review);`;
    case 'Python':
      return `import json
import urllib.request

with open("picture.jpg", "rb") as file:
    request = urllib.request.Request(
        "${url}",
        data=file.read(),
        headers={
            "Authorization": "Bearer YOUR_API_KEY",
            "Content-Type": "image/jpeg",
        },
    )
with urllib.request.urlopen(request) as response:
    answer = json.load(response)
print(answer["verdict"], answer["score"], answer["review"])`;
    case 'PHP':
      return `<?php
$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => [
        'Authorization: Bearer YOUR_API_KEY',
        'Content-Type: image/jpeg',
    ],
    'content' => file_get_contents('picture.jpg'),
    'ignore_errors' => true,
]]);
$answer = json_decode(
    file_get_contents('${url}', false, $context),
    true,
    flags: JSON_THROW_ON_ERROR,
);
echo $answer['verdict'], ' ', $answer['score'], PHP_EOL;`;
    case 'legacy':
      return legacy(service);
  }
}

/** The signature of the old call: HMAC-SHA1 over the text, then the text itself, in base64. */
function legacy(service: string): string {
  return `import { createHmac, randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';

const [appid, secretId, secretKey, bucket] =
  ['YOUR_APPID', 'YOUR_SECRET_ID', 'YOUR_SECRET_KEY', 'YOUR_BUCKET'];
const now = Math.floor(Date.now() / 1000);
const text = \`a=\${appid}&b=\${bucket}&k=\${secretId}&e=\${now + 60}\` +
  \`&t=\${now}&r=\${randomInt(2 ** 31)}&f=\`;
const digest = createHmac('sha1', secretKey).update(text).digest();
const signature = Buffer.concat([digest, Buffer.from(text)]).toString('base64');

const response = await fetch('${service}/face/livedetectpicture', {
  method: 'POST',
  headers: { authorization: signature, 'content-type': 'application/json' },
  body: JSON.stringify({
    appid,
    image: (await readFile('picture.jpg')).toString('base64'),
  }),
});
const { code, message, data } = await response.json();
console.log(code, message, data.score); // above 87: live`;
}
