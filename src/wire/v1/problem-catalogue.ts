import type { FaultKind } from '../../faults.ts';
import type { Language } from './language.ts';

/** One kind of problem: fixed for good once released, except for its texts. */
export interface ProblemKind {
  readonly status: number;
  /** The kind of fault that stands for it in logs and the ledger. */
  readonly kind: FaultKind;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  readonly title: Readonly<Record<Language, string>>;
  /** What the developer or operator can do. */
  readonly action: Readonly<Record<Language, string>>;
}

const problem = (
  status: number,
  kind: FaultKind,
  title: readonly [en: string, zh: string],
  action: readonly [en: string, zh: string],
  retryable = false,
): ProblemKind => ({
  status,
  kind,
  retryable,
  title: { en: title[0], zh: title[1] },
  action: { en: action[0], zh: action[1] },
});

/** Every problem that a v1 path answers, by its code. */
export const PROBLEM_KINDS = {
  malformed_request: problem(
    400,
    'http_malformed',
    ['The HTTP request is malformed', 'HTTP 请求格式错误'],
    ['Use an HTTP library, or check the proxy in between.', '请使用 HTTP 库，或检查中间的代理。'],
  ),
  invalid_request: problem(
    400,
    'request_malformed',
    ['The request does not have the expected form', '请求内容不符合要求'],
    ['Correct what "detail" names.', '请按“detail”的说明更正。'],
  ),
  picture_missing: problem(
    400,
    'picture_missing',
    ['There is no picture in the request', '请求中没有图片'],
    [
      'Send the picture as the body, as the part "image", or as "image" or "url" in JSON.',
      '请将图片作为请求体、表单字段“image”，或 JSON 的“image”或“url”发送。',
    ],
  ),
  idempotency_key_invalid: problem(
    400,
    'idempotency_key_invalid',
    ['The Idempotency-Key cannot be used', 'Idempotency-Key 无效'],
    [
      'Send 1 to 255 printable ASCII characters, such as a UUID.',
      '请使用 1 至 255 个可打印 ASCII 字符，例如 UUID。',
    ],
  ),
  api_key_missing: problem(
    401,
    'api_key_missing',
    ['An API key is needed', '缺少 API 密钥'],
    [
      'Send "Authorization: Bearer lsk_…". The operator makes keys with "livestill key create --kind api".',
      '请发送“Authorization: Bearer lsk_…”。运营者可用“livestill key create --kind api”创建密钥。',
    ],
  ),
  api_key_invalid: problem(
    401,
    'api_key_invalid',
    ['The API key is not known', 'API 密钥不存在'],
    [
      'Check that the whole key was copied, and that it is from this server.',
      '请检查密钥是否完整，且属于本服务器。',
    ],
  ),
  api_key_disabled: problem(
    401,
    'api_key_disabled',
    ['The API key is disabled', 'API 密钥已停用'],
    ['Use another key, or ask the operator.', '请使用其他密钥，或联系运营者。'],
  ),
  api_key_expired: problem(
    401,
    'api_key_expired',
    ['The API key has ended', 'API 密钥已过期'],
    ['Ask the operator for a new key.', '请向运营者索取新的密钥。'],
  ),
  address_not_allowed: problem(
    403,
    'address_not_allowed',
    ['The API key may not be used from this address', '此 API 密钥不允许从该地址使用'],
    [
      'Call from an allowed network. Behind a proxy the operator must list it in trustedProxies.',
      '请从允许的网络调用；若经过代理，运营者需将其列入 trustedProxies。',
    ],
  ),
  scope_missing: problem(
    403,
    'scope_missing',
    ['The API key may not make this call', '此 API 密钥无权进行该调用'],
    ['Use a key with the scope that "detail" names.', '请使用具有“detail”所示权限的密钥。'],
  ),
  session_token_invalid: problem(
    401,
    'session_token_invalid',
    ['The session or its token is not known', '会话或其令牌无效'],
    [
      'Send the token of this very session as "Authorization: Bearer lst_…"; your server gets one with POST /v1/sessions.',
      '请以“Authorization: Bearer lst_…”发送该会话自己的令牌；服务器可通过 POST /v1/sessions 获取。',
    ],
  ),
  upload_refused: problem(
    403,
    'upload_refused',
    ['The upload is not one of this session', '该上传不属于此会话'],
    [
      'Upload from the allowed origin, and with the MAC made with the key that the session was started with.',
      '请从允许的来源上传，并使用会话启动时的密钥计算 MAC。',
    ],
  ),
  app_suspended: problem(
    403,
    'app_suspended',
    ['The app is suspended', '应用已暂停'],
    ['Ask the operator why.', '请联系运营者了解原因。'],
  ),
  app_closed: problem(
    403,
    'app_closed',
    ['The app is closed', '应用已关闭'],
    ['Ask the operator for a new app.', '请向运营者申请新的应用。'],
  ),
  not_found: problem(
    404,
    'path_unknown',
    ['There is no such path', '路径不存在'],
    ['See /v1/reference for the paths there are.', '可用路径见 /v1/reference。'],
  ),
  session_unknown: problem(
    404,
    'session_unknown',
    ['There is no such session', '会话不存在'],
    [
      'Check the id. A session can be read for a day after its end, with a key of the app that made it.',
      '请检查会话编号。会话结束后一天内可读取，且须使用创建它的应用的密钥。',
    ],
  ),
  method_not_allowed: problem(
    405,
    'method_not_allowed',
    ['The path does not take this method', '该路径不支持此方法'],
    ['Use a method of the Allow header.', '请使用 Allow 头中的方法。'],
  ),
  request_timeout: problem(
    408,
    'request_timeout',
    ['The request took too long to arrive', '请求接收超时'],
    ['Try again, or send a smaller picture.', '请重试，或发送更小的图片。'],
    true,
  ),
  idempotency_in_progress: problem(
    409,
    'idempotency_in_progress',
    ['A request with this Idempotency-Key is in progress', '相同 Idempotency-Key 的请求正在处理'],
    ['Wait as long as Retry-After says and repeat the request.', '请按 Retry-After 等待后重试。'],
    true,
  ),
  batch_over: problem(
    409,
    'batch_over',
    ['The batch is over', '批次已结束'],
    ['Nothing is to be done; submit a new batch.', '无需操作；请提交新的批次。'],
  ),
  session_conflict: problem(
    409,
    'session_conflict',
    ['The state of the session does not allow this call', '会话当前状态不允许此调用'],
    [
      'See "reason": wait where it is judging, use the newest nonce, or have a new session made.',
      '原因见“reason”：judging 时请等待，nonce 不符时请使用最新的 nonce，否则请新建会话。',
    ],
  ),
  body_too_large: problem(
    413,
    'body_too_large',
    ['The body is too large', '请求体过大'],
    ['Send a smaller picture; 720 by 960 pixels are plenty.', '请发送更小的图片；720×960 像素已足够。'],
  ),
  unsupported_media_type: problem(
    415,
    'media_type_unsupported',
    ['The Content-Type or Content-Encoding is not taken', '不支持该 Content-Type 或 Content-Encoding'],
    [
      'Send image/jpeg, image/png, image/webp, image/bmp, image/heic, image/avif, application/octet-stream, multipart/form-data or application/json, without Content-Encoding.',
      '请使用 image/jpeg、image/png、image/webp、image/bmp、image/heic、image/avif、application/octet-stream、multipart/form-data 或 application/json，不要使用 Content-Encoding。',
    ],
  ),
  expectation_failed: problem(
    417,
    'expectation_unsupported',
    ['The Expect header asks for what is not supported', '不支持 Expect 头的要求'],
    ['Leave Expect out, or send 100-continue.', '请去掉 Expect 头，或使用 100-continue。'],
  ),
  picture_unreadable: problem(
    422,
    'picture_unreadable',
    ['The picture cannot be read', '无法读取图片'],
    [
      'Send one still JPEG, PNG, WebP, BMP, HEIC or AVIF; "reason" says what is wrong with this one.',
      '请发送单张静态 JPEG、PNG、WebP、BMP、HEIC 或 AVIF 图片；“reason”说明了问题。',
    ],
  ),
  download_failed: problem(
    422,
    'download_refused',
    ['The picture could not be fetched from its url', '无法从 url 获取图片'],
    [
      'Check the url; "reason" says why it failed. Or send the picture itself.',
      '请检查 url；“reason”说明了失败原因。也可直接发送图片。',
    ],
  ),
  idempotency_key_reused: problem(
    422,
    'idempotency_key_reused',
    ['The Idempotency-Key was used for another request', 'Idempotency-Key 已用于其他请求'],
    ['Use a new key for every new request.', '每个新请求请使用新的 key。'],
  ),
  rate_limited: problem(
    429,
    'rate_limited',
    ['A limit of the app or of the address is reached', '已达到应用或地址的限额'],
    [
      'Wait as long as Retry-After says. The operator can change the limits.',
      '请按 Retry-After 等待。运营者可以调整限额。',
    ],
    true,
  ),
  headers_too_large: problem(
    431,
    'headers_too_large',
    ['The headers are too large', '请求头过大'],
    ['Send fewer or shorter headers.', '请减少或缩短请求头。'],
  ),
  internal_error: problem(
    500,
    'internal',
    ['Something failed on the server', '服务器内部错误'],
    [
      'Try again. If it stays, tell the operator the request id.',
      '请重试；若持续出现，请将请求编号告知运营者。',
    ],
    true,
  ),
  batches_unavailable: problem(
    501,
    'batches_unavailable',
    ['This server keeps no batches', '本服务器不支持批次'],
    ['The operator can set a PostgreSQL database as the store.', '运营者可将存储设为 PostgreSQL 数据库。'],
  ),
  overloaded: problem(
    503,
    'busy',
    ['The server has no room for the request', '服务器繁忙'],
    ['Wait as long as Retry-After says and try again.', '请按 Retry-After 等待后重试。'],
    true,
  ),
  store_unavailable: problem(
    503,
    'state_unavailable',
    ['The server cannot reach its store', '服务器存储不可用'],
    [
      'Try again. The picture was not judged, or its record could not be kept.',
      '请重试。图片未被判定，或记录无法保存。',
    ],
    true,
  ),
} as const satisfies Record<string, ProblemKind>;

/** The stable code of a problem. */
export type ProblemCode = keyof typeof PROBLEM_KINDS;

/** Where the reference page speaks of a problem: its `type`, a relative URI reference (RFC 9457 §3.1.1). */
export function problemType(code: ProblemCode): string {
  return `/v1/reference#problem-${code.replaceAll('_', '-')}`;
}
