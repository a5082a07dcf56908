// Writes the documentation pages that follow from the code: the catalogue of codes and the configuration.
// node scripts/generate-docs.mjs           write them (build first: npm run build)
// node scripts/generate-docs.mjs --check   only compare; status 1 when a page is out of date
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { settings } from '../dist/config/load.js';
import { CATALOGUE } from '../dist/wire/legacy/codes/catalogue.js';
import { variantsOf } from '../dist/wire/legacy/codes/codes.js';
import { DESCRIPTIONS, inChinese } from './configuration.zh-CN.mjs';

const note = '<!-- Made by scripts/generate-docs.mjs. Change the source, not this page. -->';
const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
const row = (cells) => `| ${cells.map(cell).join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
const entries = [...CATALOGUE.values()];
const sent = entries.filter((entry) => entry.sent);
const siblings = entries.filter((entry) => !entry.sent);

/** The messages of an entry with their HTTP status, one line each. */
function answers(entry) {
  if (entry.code === 21) return `\`${entry.message}: <name>\` (HTTP ${entry.http})`;
  const all = [entry, ...variantsOf(entry.code)];
  return [...new Set(all.map(({ http, message }) => `\`${message}\` (HTTP ${http})`))].join('<br>');
}

function errorsPage() {
  return `${note}

# Codes

[中文](errors.zh-CN.md)

Every reply of \`POST /face/livedetectpicture\` is JSON: \`{"code":…,"message":…,"data":…}\`. \`code\` 0 means that the picture was
scored; every other code means that it was not. Positive codes speak of the request and its signature and come with an HTTP
status of their own; negative ones speak of the picture. The precise reason of a refusal stands in the server's log under the
\`X-Request-Id\` of the reply, and \`livestill sign --check\` names what is wrong with a signature.

The message is fixed: programs may compare it. What is called ledger below is the audit log of decisions.

## Codes this service sends

${table(
  ['Code', 'Name', 'Message and HTTP status', 'Meaning', 'What to do'],
  sent.map((e) => [e.code, e.name, answers(e), e.en, e.action.en]),
)}

Codes 15 and -5802 come with \`Retry-After\` in seconds.

## Codes of the sibling endpoints

The old service documented one table for all its endpoints. These ${siblings.length} codes belonged to the others; livestill
never sends them. They are listed so that a program that handles them can be read.

${table(
  ['Code', 'Name', 'Meaning', 'What to do'],
  siblings.map((e) => [e.code, e.name, e.en, e.action.en]),
)}
`;
}

function chineseErrorsPage() {
  return `${note}

# 返回码

[English](errors.md)

\`POST /face/livedetectpicture\` 的每个应答都是 JSON：\`{"code":…,"message":…,"data":…}\`。\`code\` 为 0 表示图片已评分，其他值表示未评分。
正数与请求及签名有关，带有各自的 HTTP 状态码；负数与图片有关。拒绝的具体原因记录在服务端日志中，可按响应头 \`X-Request-Id\` 查找；
\`livestill sign --check\` 可指出签名的错误。

message 固定不变，程序可以直接比较。

## 本服务会返回的码

${table(
  ['返回码', '名称', 'message 与 HTTP 状态码', '含义', '处理方法'],
  sent.map((e) => [e.code, e.name, answers(e), e.zh, e.action.zh]),
)}

15 与 -5802 的应答带有 \`Retry-After\`（秒）。

## 其他接口的返回码

原服务的所有接口共用一张返回码表。以下 ${siblings.length} 个属于其他接口，livestill 不会返回，列出仅供对照。

${table(
  ['返回码', '名称', '含义', '处理方法'],
  siblings.map((e) => [e.code, e.name, e.zh, e.action.zh]),
)}
`;
}

/** A file as both pages of settings show it. */
const exampleFile = JSON.stringify(
  { port: 8787, tls: { cert: 'tls/cert.pem', key: 'tls/key.pem' }, ledger: { retentionDays: 180 } },
  null,
  2,
);

/** The default of a setting; one that only the environment has is said in `words`. */
const defaultOf = (setting, words) =>
  setting.notes.environmentOnly ? words : `\`${JSON.stringify(setting.notes.default)}\``;

/** Every setting in the order of the schema. */
function configurationPage() {
  const lines = settings.map((setting) => [
    `\`${setting.key}\``,
    defaultOf(setting, 'environment only'),
    [setting.expected, setting.notes.unit].filter(Boolean).join(', in '),
    `\`${setting.variable}\``,
    setting.notes.description,
  ]);
  return `${note}

# Configuration

[中文](configuration.zh-CN.md)

Each setting is taken from the first of these that has it:

1. the command line (\`livestill serve --port 8787\`),
2. the environment (\`LIVESTILL_PORT=8787\`); an empty variable counts as not set,
3. a JSON file, named by \`--config\` or \`LIVESTILL_CONFIG\`,
4. the default.

Everything is read and checked once, at the start. An unknown setting or a wrong value stops the start with a message that names
the setting, what was expected and what was found. \`livestill config check\` does only that; \`livestill config print\` shows every
value and where it came from, with secrets hidden.

In the environment the name is \`LIVESTILL_\` and the setting's own in capitals, lists are written with commas, \`null\` as
\`null\`. Variables that Kubernetes makes for a service called \`livestill\` (\`LIVESTILL_PORT=tcp://…\`) are ignored. Relative paths in a
file are read from that file's folder, elsewhere from the working folder.

A file:

\`\`\`json
${exampleFile}
\`\`\`

## All settings

${table(['Setting', 'Default', 'Expected', 'Environment', 'What it does'], lines)}
`;
}

function chineseConfigurationPage() {
  const unknown = Object.keys(DESCRIPTIONS).filter((key) => !settings.some((setting) => setting.key === key));
  if (unknown.length > 0) {
    throw new Error(`no such setting: ${unknown.join(', ')}; take it out of scripts/configuration.zh-CN.mjs`);
  }
  const lines = settings.map((setting) => {
    const { expected, does } = inChinese(setting);
    return [
      `\`${setting.key}\``,
      defaultOf(setting, '仅环境变量'),
      expected,
      `\`${setting.variable}\``,
      does,
    ];
  });
  return `${note}

# 配置

[English](configuration.md)

每个配置项依次从以下位置读取，取最先找到的：

1. 命令行（\`livestill serve --port 8787\`），
2. 环境变量（\`LIVESTILL_PORT=8787\`）；空变量视为未设置，
3. JSON 文件，由 \`--config\` 或 \`LIVESTILL_CONFIG\` 指定，
4. 默认值。

全部配置只在启动时读取并检查一次。未知的配置项或错误的值会使启动停止，并说明是哪一项、应为什么、实际是什么。\`livestill config check\` 只做这项检查；
\`livestill config print\` 显示每一项的值及其来源，密钥不显示。

环境变量名为 \`LIVESTILL_\` 加配置项的大写名称；列表用逗号分隔，\`null\` 写作 \`null\`。Kubernetes 为名为 \`livestill\` 的服务生成的变量
（\`LIVESTILL_PORT=tcp://…\`）会被忽略。文件中的相对路径以该文件所在目录为准，其他相对路径以当前目录为准。

一个文件：

\`\`\`json
${exampleFile}
\`\`\`

## 全部配置项

${table(['配置项', '默认值', '取值', '环境变量', '作用'], lines)}
`;
}

const pages = {
  'docs/reference/errors.md': errorsPage(),
  'docs/reference/errors.zh-CN.md': chineseErrorsPage(),
  'docs/reference/configuration.md': configurationPage(),
  'docs/reference/configuration.zh-CN.md': chineseConfigurationPage(),
};

const checking = process.argv.includes('--check');
let stale = 0;
for (const [name, text] of Object.entries(pages)) {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
  if (!checking) {
    writeFileSync(path, text);
    continue;
  }
  let found = null;
  try {
    found = readFileSync(path, 'utf8');
  } catch {}
  if (found === text) continue;
  stale += 1;
  process.stderr.write(`${name} is out of date: run "npm run build && node scripts/generate-docs.mjs"\n`);
}
if (stale > 0) process.exitCode = 1;
