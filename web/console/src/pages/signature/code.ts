import type { Made } from './types.ts';

/** The languages that signing is shown in. */
export const SIGNING_LANGUAGES = ['curl', 'TypeScript', 'Python', 'PHP', 'Java'] as const;

/** A call with a signature, or code that signs for the same app. The SecretKey is the reader's to put in. */
export function signingCode(
  language: (typeof SIGNING_LANGUAGES)[number],
  url: string,
  { signature, appid, secretId }: Pick<Made, 'signature' | 'appid' | 'secretId'>,
): string {
  const call = `${url}/face/livedetectpicture`;
  switch (language) {
    case 'curl':
      return `curl '${call}' \\
  -H 'Authorization: ${signature}' \\
  -F appid=${appid} \\
  -F image=@picture.jpg`;
    case 'TypeScript':
      return `import { createHmac, randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';

const now = Math.floor(Date.now() / 1000);
const text = \`a=${appid}&b=&k=${secretId}&e=\${now + 3600}\` +
  \`&t=\${now}&r=\${randomInt(2 ** 31)}&f=\`;
const digest = createHmac('sha1', process.env.SECRET_KEY).update(text).digest();
const signature = Buffer.concat([digest, Buffer.from(text)]).toString('base64');

const response = await fetch('${call}', {
  method: 'POST',
  headers: { authorization: signature, 'content-type': 'application/json' },
  body: JSON.stringify({
    appid: '${appid}',
    image: (await readFile('picture.jpg')).toString('base64'),
  }),
});
const { code, message, data } = await response.json();
console.log(code, message, data.score); // above 87: live`;
    case 'Python':
      return `import base64, hashlib, hmac, json, os, random, time
import urllib.request

now = int(time.time())
text = (f"a=${appid}&b=&k=${secretId}&e={now + 3600}"
        f"&t={now}&r={random.randrange(2**31)}&f=").encode()
digest = hmac.new(os.environ["SECRET_KEY"].encode(), text, hashlib.sha1).digest()
signature = base64.b64encode(digest + text).decode()

with open("picture.jpg", "rb") as file:
    image = base64.b64encode(file.read()).decode()
request = urllib.request.Request(
    "${call}",
    data=json.dumps({"appid": "${appid}", "image": image}).encode(),
    headers={"Authorization": signature, "Content-Type": "application/json"},
)
with urllib.request.urlopen(request) as response:
    answer = json.load(response)
print(answer["code"], answer["message"], answer["data"])  # score above 87: live`;
    case 'PHP':
      return `<?php
$now = time();
$text = "a=${appid}&b=&k=${secretId}&e=" . ($now + 3600)
    . "&t=$now&r=" . random_int(0, 2147483647) . '&f=';
$digest = hash_hmac('sha1', $text, getenv('SECRET_KEY'), true);
$signature = base64_encode($digest . $text);

$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => ["Authorization: $signature", 'Content-Type: application/json'],
    'content' => json_encode([
        'appid' => '${appid}',
        'image' => base64_encode(file_get_contents('picture.jpg')),
    ]),
    'ignore_errors' => true,
]]);
$answer = json_decode(file_get_contents('${call}', false, $context), true);
echo $answer['code'], ' ', $answer['message'], PHP_EOL; // data.score above 87: live`;
    case 'Java':
      return `import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.*;
import java.nio.file.*;
import java.util.Base64;
import java.util.concurrent.ThreadLocalRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Sign {
  public static void main(String[] args) throws Exception {
    long now = System.currentTimeMillis() / 1000;
    byte[] text = ("a=${appid}&b=&k=${secretId}&e=" + (now + 3600)
        + "&t=" + now + "&r=" + ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE)
        + "&f=").getBytes("UTF-8");
    Mac mac = Mac.getInstance("HmacSHA1");
    mac.init(new SecretKeySpec(System.getenv("SECRET_KEY").getBytes("UTF-8"), "HmacSHA1"));
    var whole = new ByteArrayOutputStream();
    whole.write(mac.doFinal(text));
    whole.write(text);
    var base64 = Base64.getEncoder();
    String image = base64.encodeToString(Files.readAllBytes(Path.of("picture.jpg")));
    var request = HttpRequest.newBuilder(URI.create("${call}"))
        .header("Authorization", base64.encodeToString(whole.toByteArray()))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(
            "{\\"appid\\":\\"${appid}\\",\\"image\\":\\"" + image + "\\"}"))
        .build();
    System.out.println(HttpClient.newHttpClient()
        .send(request, HttpResponse.BodyHandlers.ofString()).body()); // score above 87: live
  }
}`;
  }
}
