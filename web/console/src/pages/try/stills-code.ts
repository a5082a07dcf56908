/** The languages that a call with several stills is shown in. */
export const STILLS_LANGUAGES = ['curl', 'TypeScript', 'Python', 'PHP'] as const;

/** A call that judges three stills together, ready to be run but for key and files. */
export function stillsCode(language: (typeof STILLS_LANGUAGES)[number], service: string): string {
  const url = `${service}/v1/liveness`;
  switch (language) {
    case 'curl':
      return `curl ${url} \\
  -H 'Authorization: Bearer YOUR_API_KEY' \\
  -F images=@still-1.jpg -F images=@still-2.jpg -F images=@still-3.jpg`;
    case 'TypeScript':
      return `import { readFile } from 'node:fs/promises';

const names = ['still-1.jpg', 'still-2.jpg', 'still-3.jpg'];
const images = await Promise.all(names.map((name) => readFile(name, 'base64')));
const response = await fetch('${url}', {
  method: 'POST',
  headers: {
    authorization: 'Bearer YOUR_API_KEY',
    'content-type': 'application/json',
  },
  body: JSON.stringify({ images }),
});
const answer = await response.json();
if (!response.ok) throw new Error(answer.detail);
console.log(answer.verdict, answer.score, answer.consistency);`;
    case 'Python':
      return `import base64
import json
import urllib.request

images = []
for name in ["still-1.jpg", "still-2.jpg", "still-3.jpg"]:
    with open(name, "rb") as file:
        images.append(base64.b64encode(file.read()).decode())
request = urllib.request.Request(
    "${url}",
    data=json.dumps({"images": images}).encode(),
    headers={
        "Authorization": "Bearer YOUR_API_KEY",
        "Content-Type": "application/json",
    },
)
with urllib.request.urlopen(request) as response:
    answer = json.load(response)
print(answer["verdict"], answer["score"], answer["consistency"])`;
    case 'PHP':
      return `<?php
$images = array_map(
    fn ($name) => base64_encode(file_get_contents($name)),
    ['still-1.jpg', 'still-2.jpg', 'still-3.jpg'],
);
$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => [
        'Authorization: Bearer YOUR_API_KEY',
        'Content-Type: application/json',
    ],
    'content' => json_encode(['images' => $images]),
    'ignore_errors' => true,
]]);
$answer = json_decode(
    file_get_contents('${url}', false, $context),
    true,
    flags: JSON_THROW_ON_ERROR,
);
echo $answer['verdict'], ' ', $answer['score'], PHP_EOL;`;
  }
}
