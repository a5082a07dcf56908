<?php
// Does what the PHP SDK of the old API does: signs with a,b,k,e,t,r,f, sends JSON with bucket and sign, slashes escaped.
// Usage: php sdk.php BASE APPID SECRET_ID SECRET_KEY MODE PICTURE URL; prints the status and the body.
[, $base, $appid, $secretId, $secretKey, $mode, $picture, $url] = $argv;

function sign($appid, $bucket, $secretId, $secretKey, $seconds) {
    $now = time();
    $rand = rand();
    $plain = "a=$appid&b=$bucket&k=$secretId&e=" . ($now + $seconds) . "&t=$now&r=$rand&f=";
    return base64_encode(hash_hmac('SHA1', $plain, $secretKey, true) . $plain);
}

$bucket = 'tencentyun';
$sign = sign($appid, $bucket, $secretId, $secretKey, 1000);
$headers = ['Authorization:' . $sign, 'User-Agent:QcloudImagePHP/2.0.0'];
$params = ['appid' => $appid, 'bucket' => $bucket];

switch ($mode) {
    case 'url':
        $body = json_encode(['appid' => $appid, 'bucket' => $bucket, 'url' => $url, 'sign' => $sign]);
        $headers[] = 'Content-Type:application/json';
        break;
    case 'file':
        $params['sign'] = $sign;
        $params['image'] = base64_encode(file_get_contents($picture));
        $body = json_encode($params);
        $headers[] = 'Content-Type:application/json';
        break;
    case 'buffer':
        $params['image'] = base64_encode(file_get_contents($picture));
        $body = json_encode($params);
        $headers[] = 'Content-Type:application/json';
        break;
    case 'curlfile':
        $params['image'] = new CURLFile(realpath($picture));
        $body = $params;
        break;
}

$curl = curl_init();
curl_setopt_array($curl, [
    CURLOPT_URL => $base . '/face/livedetectpicture',
    CURLOPT_HTTPHEADER => $headers,
    CURLOPT_POST => true,
    CURLOPT_POSTFIELDS => $body,
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_TIMEOUT => 30,
    CURLOPT_SSL_VERIFYPEER => false,
    CURLOPT_SSL_VERIFYHOST => false,
]);
$answer = curl_exec($curl);
if ($answer === false) {
    fwrite(STDERR, curl_error($curl) . "\n");
    exit(1);
}
echo curl_getinfo($curl, CURLINFO_HTTP_CODE), ' ', $answer, "\n";
