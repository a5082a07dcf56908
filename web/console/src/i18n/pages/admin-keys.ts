/** The texts of the page of admin keys in English. */
export const EN_ADMIN_KEYS = {
  'nav.adminKeys': 'Admin keys',
  'adminKeys.title': 'Admin keys',
  'adminKeys.lead': 'Programs use the admin API by these: "Authorization: Bearer lsa_…".',
  'adminKeys.none': 'There is no admin key. Make one for a program that shall use the admin API.',
  'adminKeys.new': 'New admin key',
  'adminKeys.key': 'Admin key',
  'adminKeys.name': 'Name',
  'adminKeys.nameHint': 'What uses it: "nightly report".',
  'adminKeys.from': 'From',
  'adminKeys.everywhere': 'everywhere',
  'adminKeys.remove': 'Remove',
  'adminKeys.removed': 'The key was removed.',
  'adminKeys.removeTitle': 'Remove "{name}"?',
  'adminKeys.usedAt': 'It was last used {time}.',
  'adminKeys.neverUsed': 'It was never used.',
  'adminKeys.removeEffect': 'Calls with it are refused from the next one on. This cannot be undone.',
  'masterKey.title': 'Master key',
  'masterKey.lead':
    'The SecretKeys of the apps and the secrets of authenticators lie encrypted under it in the data folder.',
  'masterKey.rotate': 'Replace the master key',
  'masterKey.effect':
    'Everything is encrypted anew under a new key; nothing changes for clients. Cut off at any moment, nothing is lost: do it again.',
  'masterKey.fromEnvironment':
    'Where the key comes from LIVESTILL_MASTER_KEY, put the new one in front of the old one there first and restart the service.',
  'masterKey.done': '{n} SecretKeys are encrypted under the master key {id}.',
} as const;

/** The same in Chinese. */
export const ZH_ADMIN_KEYS: Readonly<Record<keyof typeof EN_ADMIN_KEYS, string>> = {
  'nav.adminKeys': '管理密钥',
  'adminKeys.title': '管理密钥',
  'adminKeys.lead': '程序使用它们调用管理接口：“Authorization: Bearer lsa_…”。',
  'adminKeys.none': '还没有管理密钥。请为需要使用管理接口的程序创建。',
  'adminKeys.new': '新建管理密钥',
  'adminKeys.key': '管理密钥',
  'adminKeys.name': '名称',
  'adminKeys.nameHint': '使用它的程序，例如“夜间报表”。',
  'adminKeys.from': '来源',
  'adminKeys.everywhere': '不限',
  'adminKeys.remove': '删除',
  'adminKeys.removed': '密钥已删除。',
  'adminKeys.removeTitle': '删除“{name}”？',
  'adminKeys.usedAt': '最近使用：{time}。',
  'adminKeys.neverUsed': '从未使用。',
  'adminKeys.removeEffect': '从下一次调用起将被拒绝，且无法撤销。',
  'masterKey.title': '主密钥',
  'masterKey.lead': '应用的 SecretKey 和验证器密钥以它加密保存在数据目录中。',
  'masterKey.rotate': '更换主密钥',
  'masterKey.effect': '所有内容将用新密钥重新加密，客户端不受影响。即使中断也不会丢失数据，重新执行即可。',
  'masterKey.fromEnvironment': '若密钥来自 LIVESTILL_MASTER_KEY，请先将新密钥放在旧密钥之前并重启服务。',
  'masterKey.done': '{n} 个 SecretKey 已用主密钥 {id} 加密。',
};
