import type { CatalogueEntry } from './entry.ts';
import { notSent } from './siblings.ts';

const SENT: readonly CatalogueEntry[] = [
  {
    code: 0,
    name: 'OK',
    http: 200,
    message: 'OK',
    sent: true,
    zh: '成功',
    en: 'Success',
    action: {
      en: 'Read data.score: above 87 the picture is taken for a live person.',
      zh: '读取 data.score：大于 87 判为活体。',
    },
  },
  {
    code: 3,
    name: 'INVALID_REQUEST',
    http: 400,
    message: 'invalid request: parsing error - check content-type and body',
    sent: true,
    zh: '错误的请求；message 为 account abnormal,errorno is:2 时表示账号已停服',
    en: 'Incorrect request; with "account abnormal,errorno is:2" the account is suspended',
    action: {
      en:
        'Send application/json or multipart/form-data with its boundary, a body that fits it, and an appid. ' +
        'On "account abnormal,errorno is:2" ask the operator why the app is suspended or closed.',
      zh:
        '请以 application/json 或带 boundary 的 multipart/form-data 发送，正文与之相符，并带上 appid。' +
        '若为 account abnormal,errorno is:2，请向运维人员询问该应用为何被停用或关闭。',
    },
  },
  {
    code: 4,
    name: 'SIGN_MISSING',
    http: 401,
    message: 'has no sign or sign is empty',
    sent: true,
    zh: '签名为空',
    en: 'Signature is empty',
    action: {
      en: 'Put the signature into the Authorization header. "livestill sign" prints one.',
      zh: '把签名放入 Authorization 请求头；可用 livestill sign 生成。',
    },
  },
  {
    code: 5,
    name: 'SIGN_FORMAT',
    http: 401,
    message: 'sign format error',
    sent: true,
    zh: '签名串错误',
    en: 'Incorrect signature string',
    action: {
      en: 'Give the signature to "livestill sign --check": it names the mistake and the fix.',
      zh: '用 livestill sign --check 检查该签名，它会指出错误及改法。',
    },
  },
  {
    code: 6,
    name: 'SIGN_TARGET',
    http: 401,
    message: 'appid or bucket not match the sign',
    sent: true,
    zh: '签名中的 APPID/Bucket 与操作目标不匹配',
    en: 'The appid or bucket in the signature does not match the target',
    action: {
      en: 'Use the same appid in the body and in the signature, and a bucket of that app.',
      zh: '正文与签名须使用同一个 appid，且 bucket 须属于该应用。',
    },
  },
  {
    code: 9,
    name: 'SIGN_EXPIRED',
    http: 401,
    message: 'sign expired',
    sent: true,
    zh: '签名过期',
    en: 'Signature expired, or valid for longer than 90 days',
    action: {
      en: 'Sign anew. Times are in seconds; e must lie after now and after t, at most 90 days after t.',
      zh: '重新签名。时间单位为秒；e 须晚于当前时间和 t，且与 t 相差不超过 90 天。',
    },
  },
  {
    code: 10,
    name: 'APPID_UNKNOWN',
    http: 401,
    message: 'appid not exist',
    sent: true,
    zh: 'APPID 不存在',
    en: 'appid does not exist',
    action: {
      en: 'Check the appid in the signature (without brackets). "livestill app list" shows those that exist.',
      zh: '检查签名中的 appid（不带方括号）；livestill app list 可列出现有应用。',
    },
  },
  {
    code: 11,
    name: 'SECRETID_UNKNOWN',
    http: 401,
    message: 'secretid not exist',
    sent: true,
    zh: 'SecretId 不存在',
    en: 'SecretId does not exist',
    action: {
      en: 'Check the SecretId. Keys of the old service must be brought along with "livestill key import".',
      zh: '检查 SecretId；原服务的密钥须先用 livestill key import 导入。',
    },
  },
  {
    code: 12,
    name: 'APPID_SECRETID_MISMATCH',
    http: 401,
    message: 'appid not match',
    sent: true,
    zh: 'APPID 和 SecretId 不匹配，或该 SecretId 已停用',
    en: 'appid and SecretId do not match, or the SecretId is disabled',
    action: {
      en: 'Use a SecretId of this app that is enabled and has not ended. "livestill key list" shows them.',
      zh: '请使用属于该应用、已启用且未到期的 SecretId；livestill key list 可查看。',
    },
  },
  {
    code: 13,
    name: 'REPLAY',
    http: 401,
    message: 'replay attack',
    sent: true,
    zh: '重放攻击：一次性签名被重复使用',
    en: 'Replay attack: a single-use signature was used again',
    action: {
      en: 'Make a new single-use signature (e=0) for every request, also for a retry.',
      zh: '每次请求（包括重试）都须生成新的一次性签名（e=0）。',
    },
  },
  {
    code: 14,
    name: 'SIGN_MISMATCH',
    http: 401,
    message: 'sign no pass',
    sent: true,
    zh: '签名校验失败',
    en: 'Signature verification failed',
    action: {
      en:
        'Check that the SecretKey belongs to the SecretId, that the text that was signed is the very text appended to the ' +
        'digest, and that the clock is right. "livestill sign --check" tells which.',
      zh: '检查 SecretKey 与 SecretId 是否配对、被签名的原文与附在摘要后的原文是否完全相同、时钟是否准确；livestill sign --check 可指出原因。',
    },
  },
  {
    code: 15,
    name: 'RATE_LIMITED',
    http: 429,
    message: 'request too frequent',
    sent: true,
    zh: '操作太频繁，触发频控',
    en: 'Too many requests: a limit of the app was reached',
    action: {
      en: "Wait as many seconds as Retry-After says, then try again. The operator can change the app's limits.",
      zh: '按 Retry-After 的秒数等待后重试；运维人员可调整该应用的限额。',
    },
  },
  {
    code: 16,
    name: 'BUCKET_UNKNOWN',
    http: 401,
    message: 'bucket not exist',
    sent: true,
    zh: 'Bucket 不存在',
    en: 'Bucket does not exist',
    action: {
      en: 'Leave b out of the signature, or use a bucket that the operator has listed for the app.',
      zh: '签名中去掉 b，或使用运维人员为该应用登记的 bucket。',
    },
  },
  {
    code: 21,
    name: 'INVALID_PARAMETER',
    http: 400,
    message: 'invalid parameter',
    sent: true,
    zh: '无效参数',
    en: 'Invalid parameter',
    action: {
      en: 'The message names the parameter. url must be text that starts with http:// or https://, image must be base64.',
      zh: 'message 会指出参数名。url 须为以 http:// 或 https:// 开头的字符串，image 须为 base64。',
    },
  },
  {
    code: 23,
    name: 'BODY_TOO_LARGE',
    http: 413,
    message: 'request body too large',
    sent: true,
    zh: '请求包体过大',
    en: 'Oversized request body',
    action: {
      en: 'Keep the whole body within 6 MiB. A JSON body grows by a third through base64: multipart does not.',
      zh: '整个请求体不得超过 6 MiB。JSON 中的 base64 会使体积增加三分之一，multipart 则不会。',
    },
  },
  {
    code: 107,
    name: 'ACCOUNTS_UNAVAILABLE',
    http: 503,
    message: 'auth service unavailable',
    sent: true,
    zh: '鉴权服务不可用（账号存储无响应）',
    en: 'Authentication service is unavailable (the account store does not answer)',
    action: {
      en: 'Try again later. Operator: look at disk, data folder and master key; the log says which.',
      zh: '请稍后重试。运维人员请检查磁盘、数据目录和主密钥，日志中有具体原因。',
    },
  },
  {
    code: 108,
    name: 'STATE_UNAVAILABLE',
    http: 503,
    message: 'auth service unavailable',
    sent: true,
    zh: '鉴权服务不可用（防重放、限额或审计日志的存储无响应）',
    en: 'Authentication service is unavailable (the replay, rate or ledger store does not answer)',
    action: {
      en: 'Try again later, with a new signature if it was single-use. Operator: look at the disk of the data folder.',
      zh: '请稍后重试，一次性签名须重新生成。运维人员请检查数据目录所在磁盘。',
    },
  },
  {
    code: 213,
    name: 'INTERNAL',
    http: 500,
    message: 'internal error',
    sent: true,
    zh: '内部错误',
    en: 'Internal error',
    action: {
      en: 'Give the X-Request-Id of the reply to the operator: the log holds the cause under it.',
      zh: '请把应答中的 X-Request-Id 交给运维人员，日志中可据此查到原因。',
    },
  },
  {
    code: -4015,
    name: 'FACE_NOT_FOUND',
    http: 200,
    message: 'face detect failed',
    sent: true,
    zh: '自拍照人脸检测失败',
    en: 'No face was found in the selfie, or the detectors disagree about it',
    action: {
      en: 'Take the picture anew: one whole face, from the front, well lit, nothing in front of it.',
      zh: '请重新拍摄：正面、完整、光线充足、无遮挡的单人人脸。',
    },
  },
  {
    code: -4016,
    name: 'PICTURE_UNREADABLE',
    http: 200,
    message: 'image decode failed',
    sent: true,
    zh: '自拍照解码失败',
    en: 'The selfie could not be decoded',
    action: {
      en: 'Send a complete JPEG, PNG, WebP or BMP within the pixel limit; no GIF, and HEIC or AVIF only where they were switched on.',
      zh: '请发送完整且未超过像素上限的 JPEG、PNG、WebP 或 BMP 图片，不支持 GIF；HEIC 和 AVIF 仅在启用后支持。',
    },
  },
  {
    code: -5802,
    name: 'BUSY',
    http: 503,
    message: 'server busy',
    sent: true,
    zh: '服务器内部错误，服务暂时不可用',
    en: 'Service is temporarily unavailable: overloaded, refused before any work was done',
    action: {
      en: 'Wait as many seconds as Retry-After says, then try again.',
      zh: '按 Retry-After 的秒数等待后重试。',
    },
  },
  {
    code: -5805,
    name: 'PICTURE_MISSING',
    http: 200,
    message: 'no image or url download failed',
    sent: true,
    zh: '用户未输入图像或者 url 下载失败',
    en: 'No image, or the download from the url failed',
    action: {
      en: 'Send image or url. The X-Liveness-Reason header says why a download failed.',
      zh: '请提供 image 或 url；下载失败的原因见 X-Liveness-Reason 响应头。',
    },
  },
];

/**
 * Every documented code by its number: first those this endpoint answers, then those of the sibling
 * endpoints.
 */
export const CATALOGUE: ReadonlyMap<number, CatalogueEntry> = new Map(
  [...SENT, ...notSent].map((entry) => [entry.code, Object.freeze(entry)]),
);
