<?php

declare(strict_types=1);

// Scores a picture with the old API, POST /face/livedetectpicture. PHP 7.1 or later with its curl extension.
// 用老接口为一张图片评分。需要 PHP 7.1 或更高版本，并启用 curl 扩展。
//
//   LIVESTILL_APPID=… LIVESTILL_SECRET_ID=… LIVESTILL_SECRET_KEY=… php examples/legacy.php selfie.jpg

/**
 * A signature that may be used many times for an hour: the 20 bytes of HMAC-SHA1, then the text, both together in Base64.
 * 一小时内可多次使用的签名：HMAC-SHA1 的 20 个字节后接原文，再一起做 Base64。
 */
function signature(string $appid, string $secretId, string $secretKey): string
{
    $now = time();
    $original = sprintf('a=%s&b=&k=%s&e=%d&t=%d&r=%d&f=', $appid, $secretId, $now + 3600, $now, random_int(1, 2147483647));
    return base64_encode(hash_hmac('sha1', $original, $secretKey, true) . $original);
}

/**
 * The answer: `code`, `message`, `data`, and the header X-Liveness-Reason as `reason`.
 * 应答：`code`、`message`、`data`，以及响应头 X-Liveness-Reason（`reason`）。
 */
function judge(string $host, string $appid, string $signature, string $picture): array
{
    $reason = '';
    $call = curl_init("$host/face/livedetectpicture");
    curl_setopt_array($call, [
        CURLOPT_HTTPHEADER => ["Authorization: $signature"],
        CURLOPT_POSTFIELDS => ['appid' => $appid, 'image' => new CURLFile($picture)],
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_CONNECTTIMEOUT => 3,
        CURLOPT_TIMEOUT => 30,
        CURLOPT_HEADERFUNCTION => function ($_call, string $line) use (&$reason): int {
            if (stripos($line, 'X-Liveness-Reason:') === 0) {
                $reason = trim(substr($line, 18));
            }
            return strlen($line);
        },
    ]);
    $body = curl_exec($call);
    $answer = is_string($body) ? json_decode($body, true) : null;
    if (!is_array($answer) || !isset($answer['code'])) {
        throw new RuntimeException('no answer: ' . (curl_error($call) ?: 'not from livestill'));
    }
    return $answer + ['reason' => $reason];
}

[$appid, $secretId, $secretKey] = array_map('getenv', ['LIVESTILL_APPID', 'LIVESTILL_SECRET_ID', 'LIVESTILL_SECRET_KEY']);
if (!$appid || !$secretId || !$secretKey || $argc !== 2) {
    fwrite(STDERR, "usage: LIVESTILL_APPID=… LIVESTILL_SECRET_ID=… LIVESTILL_SECRET_KEY=… php examples/legacy.php PICTURE\n");
    fwrite(STDERR, "An app and its keys: npx livestill app create\n");
    exit(2);
}

$host = getenv('LIVESTILL_URL') ?: 'http://127.0.0.1:8787';
$answer = judge($host, $appid, signature($appid, $secretId, $secretKey), $argv[1]);
if ($answer['code'] !== 0) {
    // Not judged: no statement on the person. 没有判定，不代表不是真人。
    echo "code {$answer['code']}: {$answer['message']}\n";
    exit(1);
}
$score = $answer['data']['score'];
if ($score > 87) {
    echo "$score live\n";
} elseif ($answer['reason'] === 'poor_quality') {
    // Not an attack: ask for another picture. 不是攻击，请用户重拍。
    echo "$score take another picture\n";
} else {
    echo "$score not taken for live\n";
}
