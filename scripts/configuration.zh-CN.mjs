// The Chinese texts of docs/reference/configuration.zh-CN.md: one for each setting, by its key. "npm run docs" and
// "npm run docs:check" stop where a setting has none here, or where one here belongs to no setting.

/** What each setting does. */
export const DESCRIPTIONS = {
  dataDir: '数据目录：应用与密钥、已用签名的记录、审计日志和主密钥。',
  store:
    '密钥以外的全部数据存放的位置：`postgres://user:password@host:port/database`（docs/run/postgres.md），可由多个节点共用。null：数据目录中的 SQLite 文件。',
  node: '本节点在共用存储中的名称：它的判定自成一条以此命名的链。`fleet-*`：取 `fleet-1`、`fleet-2`……中没有运行中的节点占用的第一个，用于时增时减的机器。null：使用数据目录中 `node.name` 文件里的名称，首次启动时生成。',
  'postgres.password': '密码，`store` 中没有写明时使用。',
  'postgres.ca': 'PEM 文件：签发服务器证书的机构。null：Node.js 所信任的机构。',
  'postgres.poolSize': '一个节点的最大连接数。所有节点合计必须小于 `max_connections`。',
  'postgres.connectTimeoutMs': '等待新连接或空闲连接的时间。',
  'postgres.statementTimeoutMs': '一条语句的时间，包括等待锁；超时即返回 107 或 108。',
  'redis.url':
    '`redis://user:password@host:port/database`；`rediss://` 使用 TLS。null：这些也保存在 PostgreSQL 中（[postgres.md](../run/postgres.md)，英文）。',
  'redis.password': '密码，`redis.url` 中没有写明时使用。',
  'redis.ca': 'PEM 文件：签发服务器证书的机构。null：Node.js 所信任的机构。',
  'redis.prefix': '所有键的前缀：同一服务器上的两套安装须用不同前缀。',
  'redis.timeoutMs': '建立连接、执行一条命令的时间；超时即返回 108。',
  'postgres.migrateAtStart': '服务启动时升级旧的数据表；否则提示运行 `livestill migrate up`。',
  masterKey:
    '加密 SecretKey 的主密钥：32 字节，写成 base64 或 64 位十六进制；可用逗号分隔多个，最新的在前。不设置时使用数据目录中的 `master.key` 文件，首次启动时生成。',
  auditKey:
    '为审计日志的状态签名的密钥：Ed25519，PKCS #8 的 PEM，或其 DER 的 base64。不设置时使用数据目录中的 `audit.key` 文件，首次启动时生成。与数据分开保存时，能写数据的人也无法伪造。',
  host: '服务监听的地址。`0.0.0.0` 或 `::` 使其他机器也能访问。',
  port: '服务端口。0 表示取一个空闲端口。托管平台设置的变量 `PORT` 同样有效。',
  url: '调用方访问本服务的地址，例如位于代理之后的 `https://liveness.example.org`：只写在供复制的代码中，别处不用。null：`host` 加 `port`。',
  adminHost: '管理端口（`/healthz`、`/readyz`、`/metrics`、控制台）监听的地址。不要让调用方访问到它。',
  adminPort: '管理端口。0 表示取一个空闲端口。',
  'console.enabled': '是否提供控制台和管理接口。',
  'console.url':
    '人们访问控制台的地址，例如位于提供 TLS 的代理之后的 `https://livestill.example.org`：Cookie、链接和通行密钥都以此地址为准；监听环回地址时，管理端口不应答其他主机名。null：`http://localhost` 加管理端口。',
  'console.idleMinutes': '会话在此时间内未使用即结束。',
  'console.sessionHours': '会话最长持续的时间，无论是否在使用。',
  'console.oidc.issuer':
    'OpenID Connect 提供方，须与其自称完全一致：`https://id.example.org/realms/staff`（[console.md](../run/console.md)）。首次登录时读取其发现文档。null：用户只用密码和通行密钥登录。',
  'console.oidc.clientId': '提供方用来识别本服务的标识。设置 issuer 时必填。',
  'console.oidc.clientSecret': '该客户端的密钥。null 且没有密钥文件：公共客户端，仅用 PKCE。',
  'console.oidc.clientSecretFile': '存放该密钥的文件；每次登录时读取，因此可以随时更换。',
  'console.oidc.name': '登录按钮上显示的提供方名称。',
  'console.oidc.scopes': '向提供方请求的范围；必须包含 `openid`。有的提供方还需要 `groups`。',
  'console.oidc.origins':
    '除 issuer 自身外，服务可以访问的来源，用于分布在多个来源上的提供方。其余一律拒绝，无论提供方给出什么地址。',
  'console.oidc.claim': '包含用户组的声明，位于 ID 令牌或用户信息中；嵌套的写作 `realm_access.roles`。',
  'console.oidc.administrators': '成员为管理员的用户组；逐字比较。',
  'console.oidc.operators': '成员为操作员的用户组；逐字比较。',
  'console.oidc.auditors': '成员为审计员的用户组；逐字比较。',
  'console.oidc.viewers': '成员为查看者的用户组；逐字比较。',
  'console.oidc.others':
    '已由提供方登录、但不在上述任何用户组中的人如何处理。`refuse`：拒绝；`viewer`：作为查看者。',
  'console.oidc.proofWithoutTime':
    '无法撤销的操作要求用户在提供方重新登录；仅当 ID 令牌中的 `auth_time` 表明刚刚登录时才算数。true：提供方不发送该值时也算数，尽管它可能未经询问就放行已打开的浏览器。',
  'console.oidc.endSession':
    '退出控制台时是否同时转到提供方的退出页面（若其提供）；须在提供方登记 `/console/` 为返回地址。',
  'tls.cert': 'PEM 文件：证书及其证书链。',
  'tls.key': 'PEM 文件：私钥。',
  trustedProxies: '受信任代理的地址或网段，如 `10.0.0.0/8`；只相信它们给出的调用方地址。',
  proxyHeader:
    '这些代理所写的请求头。`either`：两个头都有时必须指向同一调用方，否则视为未知，因为其中一个可能是调用方自己编造的。',
  'cors.origins': '允许哪些来源的网页调用，如 `https://example.org`，或 `*`。空列表：都不允许。',
  'requestId.trustHeader': '调用方的 `X-Request-Id` 格式安全时沿用，否则另行生成。',
  maxBodyBytes: '请求体的最大字节数（按收到的计）。接口约定为 6 MiB。',
  maxBodiesMb:
    '所有请求体合计可占的内存，包括解码产生的副本，从收到第一个字节到应答为止。超出时，或超过单个应用可用余量的三倍时，占用最多的应用中接收时间最长的请求以 -5802 拒绝。null：内存的八分之一，在 64 到 1024 之间。',
  'timeouts.headersMs': '等待请求头的时间。',
  'timeouts.requestMs': '等待整个请求到达的时间。',
  'timeouts.keepAliveMs': '连接上等待下一个请求的时间。',
  'timeouts.drainMs': '收到 SIGTERM 后，等待正在处理的请求结束的时间；到时强行中断。',
  'timeouts.workerStartMs':
    '工作进程加载全部网络（含模型包）并可以工作的时间；超时即结束该进程，若发生在服务启动时，则启动失败。',
  'connections.max': '同时打开的连接数。null：进程可打开文件数上限的四分之三，最多 10000。',
  'connections.maxPerAddress':
    '其中来自同一地址的连接数；一个 64 位的 IPv6 网段算一个地址，`trustedProxies` 不计。null：总数的一半。',
  'failedTries.perMinute':
    '一个地址每分钟（也是一次突发）允许的失败尝试次数；一个 64 位的 IPv6 网段算一个地址。超出时以 429 应答。null：不限。',
  'signature.skewSeconds': '签名中的 `t` 最多可比服务器时间超前多少。',
  'signature.windowSeconds': '单次签名在 `t` 之后多长时间内有效。',
  'signature.maxDays': '多次签名从 `t` 到 `e` 的最长时间。接口约定为 90。',
  'compat.sessionId': '在 `score` 之前加上 `session_id`，与 2018 年的服务相同。',
  'compat.noFace': '没有人脸时：返回错误码 -4015（`error`），或返回 0 且分数为 0（`score-zero`）。',
  'compat.heif': '老接口也接受 HEIC 和 AVIF；否则照旧以 -4016 拒绝。`/v1` 始终接受。',
  'compat.bodySign': '没有 `Authorization` 请求头时，接受请求体中的 `sign`。',
  threshold: '分数大于此值判为活体；应用可以另设自己的阈值。',
  profile:
    '`careful`：每张图片运行五次网络。`fast`：三次，把握较小。`single`：一个网络运行九次。不指定时为 `careful`；缺少另两个配置档所需的网络时为 `single`。应用可以另设。',
  'review.low': '图片判为攻击而无须复核的概率上限：达到此值即须复核。`livestill evaluate` 会给出建议值。',
  'review.high': '概率高于此值的图片判为活体而无须复核；须大于 `review.low`。',
  capture:
    '采集预设：图片满足什么条件才判定。`lenient`：只要求网络所需的。`standard`、`strict`：还要求人脸大小、周围留白、姿态和图片尺寸（[quality.md](../understand/quality.md#capture-presets)，英文）。应用可以另设。',
  'models.dir': '内置网络所在的目录；不设置时用软件包自带的。',
  'models.packs': '其他模型的目录，每个目录有一个 `card.json` 和一个 ONNX 文件。',
  'picture.maxBytes': '图片文件的最大字节数。',
  'picture.maxPixels': '宽乘以高。',
  'picture.maxSide': '较长的一边。',
  operatingPoints:
    '`livestill evaluate --operating-points` 写出的文件，即您自己的测量结果；`GET /v1/operating-points` 优先返回它，其次才是公布的结果。',
  workers: '判定图片的工作进程数；null：与处理器数相同，内存不够时减少。',
  workerMemoryMb:
    '一个工作进程可占用的常驻内存；超出即结束并替换（Linux）。null：按内存平均分配，在 768 到 2048 之间。',
  pinWorkers:
    '用系统的 `taskset` 把每个工作进程绑定到一个处理器（Linux）。适合专用的机器，每秒可多判百分之几；处理器另有用途时，工作进程要等待。',
  queueWaitMs: '等待工作进程的最长预计时间；预计更久的请求立即以 -5802 拒绝。',
  'download.enabled': '关闭时：所有 `url` 都返回 -5805。',
  'download.allowPrivate': '仍允许下载的私有网段、地址或主机名，如 `10.1.0.0/16`。',
  'download.ports': '允许下载的端口。',
  'download.maxRedirects': '最多跟随几次重定向，每次都重新检查。',
  'download.timeoutMs': '整个下载的时间，包括重定向和排队。',
  'download.connectTimeoutMs': '建立连接的时间，包括 TLS。',
  'download.firstByteTimeoutMs': '从建立连接到收到响应头的时间。',
  'download.maxPerHost': '同时从一台主机下载的数目，其余排队。一个应用最多占其中的四分之三。',
  'download.maxInAll':
    '同时下载的总数，其余排队。一个应用最多占其中的四分之三。每个下载最多占用 `picture.maxBytes` 三倍的内存。',
  'download.reportOnly':
    '试运行：端口和私有网段的规则只报告，不拒绝。环回、链路本地、云元数据和本机地址仍然拒绝。',
  'batch.picturesDir':
    '批次中的路径都在此目录之下读取，每个 worker 都要能访问：一个共享目录。null：批次只能含 url。',
  'batch.leaseMs': '一个 worker 没有任何动静时，它的分块还保留多久；之后由另一个 worker 接着做完其余部分。',
  'batch.adminPort':
    '`livestill worker` 的管理端口（`/healthz`、`/readyz`、`/metrics`，没有控制台），监听地址为 `adminHost`。0 表示任取一个空闲端口。null：不打开任何端口。',
  'batch.retentionDays':
    '已完成或已取消的批次在此天数之后删除，连同其列表和结果；审计日志保留自己的行。null：一直保留。',
  'batch.webhookSecret':
    '批次 webhook 专用的签名密钥，所有应用共用（HMAC-SHA256）。null：与会话的 webhook 相同，用应用由 `webhook.secret` 得到的密钥签名；两者都没有时，批次不接受 webhook。',
  's3.endpoint':
    '存储所在地址，例如 `https://s3.eu-central-1.amazonaws.com` 或 `http://minio:9000`；可以是内网地址。除此之外不连接任何地址。null：拒绝 `s3://`。',
  's3.region': '请求签名所用的区域。',
  's3.pathStyle': '存储桶写在路径中；关闭：写在主机名之前。',
  's3.accessKeyId': '访问密钥。null：用 `s3.credentialsFile` 中的；没有该文件时，请求不签名。',
  's3.secretAccessKey': '访问密钥的密文部分。',
  's3.sessionToken': '临时密钥附带的令牌。',
  's3.credentialsFile':
    '存放密钥的文件，格式与 AWS 自己的相同（`[default]`、`aws_access_key_id = …`）；文件变化后重新读取。',
  's3.ca': '签发服务器证书的机构，PEM 文件。null：Node.js 信任的机构。',
  's3.timeoutMs': '一个请求的时限：一张图片、一页列表，或结果中 8 MiB 的一段。',
  's3.appsPrefix':
    '一个存储桶，或存储桶加目录（`faces/in`）：通过 API，应用只在其中的 `s3://…/APPID/` 之下读写。null：API 不接受 `s3://`。',
  'sessions.seconds': '会话接收照片的时长，创建者未另行指定时适用。',
  'sessions.tries': '一个会话的尝试次数，创建者未另行指定时适用。',
  'sessions.mostOpen':
    '一个应用同时打开的会话数上限，按所有节点合计；达到上限后，新会话以 429 拒绝，直到有会话结束。',
  'sessions.captureSignals':
    '照片可能并非来自摄像头的迹象（见 [injection.md](../understand/injection.md)）。`information`：只告知。`review`：所有会话中，带有迹象的活体结果一律转人工复核。',
  'webhook.secret':
    '用于签名会话和批次的 webhook：每个应用的密钥由它派生。至少 32 个随机字符，所有节点和 worker 相同。null：不接受 webhook。',
  'traces.endpoint':
    '发送追踪数据的地址：接收 OTLP/HTTP 的收集器，如 `http://127.0.0.1:4318`；没有路径时加上 `/v1/traces`。null：不追踪，也不加载任何相关内容（[traces.zh-CN.md](../run/traces.zh-CN.md)）。',
  'traces.authorization': '发给收集器的 `Authorization` 请求头，如 `Bearer …`。',
  'traces.ratio': '追踪的比例，调用方未作决定时适用（`traces.trustParent`）。',
  'traces.trustParent':
    '沿用调用方 `traceparent` 请求头（W3C Trace Context）中的追踪，并按其采样。仅在调用方都是自己的服务时开启：否则由任意调用方决定追踪多少。',
  'traces.appid': '追踪数据中是否注明调用的应用（`livestill.app`）。',
  'ledger.retentionDays': '审计日志中早于此天数的行会被删除；null：一直保留，直到 `livestill ledger prune`。',
  'ledger.sync': '`full`：应答发出之前，该行已能经受断电。`normal`：只能经受进程终止。',
  'backup.beforeMigration':
    '新版本改动数据表之前自动备份，此为数据目录的 `backups` 中保留的份数；`ledger.retentionDays` 到期时随记录一并删除。0：不备份。',
  'idempotency.maxRowsPerApp': '为一个应用保留的应答和进行中请求的数目。',
  'idempotency.maxMbPerApp': '它们在数据库中可占的空间。',
  'idempotency.maxRows': '为所有应用合计保留的数目。',
  'idempotency.maxMb': '所有应用合计在数据库中可占的空间。',
  logLevel: '写入日志的最低级别。',
  logFormat: '日志格式：每行一个 JSON 对象，或供人阅读的短行；`auto` 在终端上为 `human`，其他情况为 `json`。',
};

/** Units, by how the settings name them. */
const UNITS = {
  bytes: '字节',
  MB: 'MB',
  ms: '毫秒',
  s: '秒',
  minutes: '分钟',
  hours: '小时',
  days: '天',
  requests: '次',
  pixels: '像素',
};

/** What a value must be: the English words and the Chinese ones. The first pattern that fits is taken. */
const EXPECTED = [
  [/^(.+) or null$/, (_, rest) => `${expected(rest)}，或 null`],
  [/^a list, each member (.+)$/, (_, rest) => `列表，每项为${expected(rest)}`],
  [/^a whole number from (\S+) to (\S+)$/, (_, least, most) => `整数，${least} 到 ${most}`],
  [/^a number from (\S+) to (\S+)$/, (_, least, most) => `数，${least} 到 ${most}`],
  [/^one of (.+)$/, (_, names) => `${names.replaceAll(', ', '、')} 之一`],
  [/^text$/, () => '文本'],
  [/^true or false$/, () => 'true 或 false'],
  [
    /^a url such as (https:\S+) \(http on this machine alone\)$/,
    (_, url) => `形如 ${url} 的网址（仅本机可用 http）`,
  ],
  [/^postgres:\S+$/, (address) => address],
  [/^(redis:\S+), or rediss:\/\/ over TLS$/, (_, address) => `${address}，或经 TLS 的 rediss://`],
  [
    /^(http:\S+), or https:\/\/, without a name and a password$/,
    (_, address) => `${address}，或 https://，不含用户名和密码`,
  ],
  [
    /^1 to 64 letters, digits, dots, underscores and hyphens, or up to 58 of them and an asterisk$/,
    () => '1 到 64 个字母、数字、点、下划线和连字符，或其中至多 58 个再加一个星号',
  ],
  [
    /^32 bytes as base64 or as 64 hexadecimal letters, several with commas between$/,
    () => '32 字节的 base64 或 64 位十六进制，多个用逗号分隔',
  ],
  [
    /^an IP address, a network such as (\S+) or a host name$/,
    (_, network) => ` IP 地址、网段（如 ${network}）或主机名`,
  ],
  [/^an IP address or a network such as (\S+)$/, (_, network) => ` IP 地址或网段（如 ${network}）`],
  [
    /^an origin such as (\S+) \(no path, no slash at the end\)$/,
    (_, origin) => `来源（如 ${origin}，没有路径，末尾没有斜杠）`,
  ],
  [
    /^a bucket and folders, such as (\S+) or (\S+) \(no slash at the end\)$/,
    (_, bucket, folder) => `存储桶及其中的目录，如 ${bucket} 或 ${folder}（末尾没有斜杠）`,
  ],
  [
    /^an origin such as (\S+) \(no path, no slash at the end\) or \*$/,
    (_, origin) => `来源（如 ${origin}，没有路径，末尾没有斜杠）或 *`,
  ],
];

/** @returns the Chinese words for what a value must be @throws {Error} when there are none here */
function expected(words) {
  for (const [pattern, say] of EXPECTED) {
    const found = pattern.exec(words);
    if (found !== null) return say(...found);
  }
  throw new Error(`"${words}" has no Chinese text: add it to EXPECTED in scripts/configuration.zh-CN.mjs`);
}

/**
 * The Chinese texts of a setting.
 *
 * @param setting one of the settings of src/config/setting-list.ts
 * @returns what a value must be, and what the setting does
 * @throws {Error} when a text is missing here
 */
export function inChinese(setting) {
  const does = DESCRIPTIONS[setting.key];
  if (does === undefined) {
    throw new Error(
      `setting "${setting.key}" has no Chinese text: add it to DESCRIPTIONS in scripts/configuration.zh-CN.mjs`,
    );
  }
  const { unit } = setting.notes;
  if (unit !== undefined && UNITS[unit] === undefined) {
    throw new Error(`unit "${unit}" has no Chinese text: add it to UNITS in scripts/configuration.zh-CN.mjs`);
  }
  const value = expected(setting.expected);
  return { expected: unit === undefined ? value : `${value}（${UNITS[unit]}）`, does };
}
