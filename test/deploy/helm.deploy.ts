import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goProgram, inProject, pythonPrograms, why } from './support/tools.ts';

const helm = goProgram('helm', 'helm.sh/helm/v3/cmd/helm', 'v3.22.0');
const validator = pythonPrograms('kubernetes-validate==1.37.0');
const chart = inProject('deploy/helm/livestill');
const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8')) as { version: string };

/** Everything that can be switched on. */
const everything = {
  config: { trustedProxies: ['10.0.0.0/8'], ledger: { retentionDays: 30 } },
  firstApp: true,
  masterKey: { existingSecret: 'keys' },
  tls: { existingSecret: 'certificate' },
  extraEnv: [{ name: 'HTTPS_PROXY', valueFrom: { secretKeyRef: { name: 'proxy', key: 'url' } } }],
  image: { digest: `sha256:${'0'.repeat(64)}` },
  imagePullSecrets: [{ name: 'registry' }],
  persistence: { storageClass: 'fast' },
  seccompProfile: { type: 'Localhost', localhostProfile: 'livestill.json' },
  ingress: { enabled: true, className: 'nginx', hosts: ['liveness.example.org'], tlsSecret: 'certificate' },
  podDisruptionBudget: { enabled: true },
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
  prometheusRule: { enabled: true },
  dashboard: { enabled: true },
  networkPolicy: {
    from: [{ namespaceSelector: { matchLabels: { name: 'ingress' } } }],
    metricsFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }],
    egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }],
  },
  podAnnotations: { a: 'b' },
  podLabels: { team: 'risk' },
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'dedicated', operator: 'Exists' }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'Exists' }] }],
      },
    },
  },
  priorityClassName: 'high',
};
const files = [
  ['--set-file', `prometheusRule.file=${inProject('deploy/prometheus/livestill.rules.yaml')}`],
  ['--set-file', `dashboard.file=${inProject('deploy/grafana/livestill.json')}`],
].flat();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-chart-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Renders the chart with values; what helm printed, and what it complained about. */
async function template(values: object = {}, ...more: readonly string[]) {
  const file = join(folder, 'values.json');
  await writeFile(file, JSON.stringify(values));
  const { status, stdout, stderr } = spawnSync(
    helm.path!,
    ['template', 'one', chart, '--namespace', 'faces', '--kube-version', '1.31.0', '--values', file, ...more],
    { encoding: 'utf8' },
  );
  return { status, text: stdout, err: stderr };
}

/** The rendered object of a kind, by its lines. */
function objectOf(text: string, kind: string, name = 'one-livestill'): string {
  const found = text
    .split(/^---$/m)
    .find((one) => one.includes(`\nkind: ${kind}\n`) && new RegExp(`^  name: ${name}$`, 'm').test(one));
  expect(found, `${kind} ${name}`).toBeDefined();
  return found!;
}

describe.skipIf(helm.path === null)(`the Helm chart${why(helm.reason)}`, () => {
  it('has nothing wrong for helm lint', () => {
    const { status, stdout } = spawnSync(
      helm.path!,
      ['lint', '--strict', '--kube-version', '1.31.0', chart],
      {
        encoding: 'utf8',
      },
    );
    expect(status, stdout).toBe(0);
  });

  it('is one pod with nothing to write but its volumes, no rights and no token', async () => {
    const { text, err } = await template();
    expect(err).toBe('');
    const pod = objectOf(text, 'Deployment');
    for (const line of [
      'replicas: 1',
      'type: Recreate',
      'runAsNonRoot: true',
      'readOnlyRootFilesystem: true',
      'allowPrivilegeEscalation: false',
      'drop: [ALL]',
      'automountServiceAccountToken: false',
      'type: RuntimeDefault',
      '- --no-first-app',
      `image: livestill:${version}`,
    ])
      expect(pod).toContain(line);
    expect(pod).not.toContain('LIVESTILL_MASTER_KEY');
    expect(objectOf(text, 'PersistentVolumeClaim', 'one-livestill-data')).toContain('ReadWriteOncePod');
  });

  it('lets nothing out and nobody at the metrics unless told to', async () => {
    const closed = objectOf((await template()).text, 'NetworkPolicy');
    expect(closed).toContain('policyTypes: [Ingress, Egress]');
    expect(closed).toMatch(/egress:\s+\[\]/);
    expect(closed).not.toContain('admin');
    const open = objectOf((await template(everything, ...files)).text, 'NetworkPolicy');
    expect(open).toMatch(/port: admin, protocol: TCP \}\s+from:/);
    expect(open).toContain('port: 53');
  });

  it('waits longer for the end of a pod than a drain takes', async () => {
    const { text } = await template();
    const drain = /`timeouts\.drainMs` \| `(\d+)`/.exec(
      await readFile(inProject('docs/reference/configuration.md'), 'utf8'),
    );
    const grace = /terminationGracePeriodSeconds: (\d+)/.exec(text);
    const before = /command: \[sleep, '(\d+)'\]/.exec(text);
    expect(Number(grace?.[1])).toBeGreaterThan(Number(drain?.[1]) / 1000 + Number(before?.[1]));
  });

  it('takes secrets by reference alone', async () => {
    const { text } = await template(everything, ...files);
    expect(objectOf(text, 'Deployment')).toMatch(
      /LIVESTILL_MASTER_KEY\s+valueFrom:\s+secretKeyRef:\s+name: keys/,
    );
    expect(text).not.toMatch(/^kind: Secret$/m);
  });

  it.each([
    [{ replicas: 2 }, /replicas: expected 1, found 2\. With store\.kind sqlite/],
    [{ store: { kind: 'postgres' } }, /store.*kind/],
    [{ config: { port: 80 } }, /config\.port: the chart sets it itself/],
    [{ config: { tls: { cert: 'a', key: 'b' } }, tls: { existingSecret: 'c' } }, /name one of them/],
    [{ replica: 1 }, /replica/],
    [{ image: { digest: 'latest' } }, /digest/],
    [{ persistence: { accessMode: 'ReadWriteMany' } }, /accessMode/],
    [{ ingress: { enabled: true } }, /hosts/],
    [{ prometheusRule: { enabled: true } }, /--set-file prometheusRule\.file/],
  ])('refuses %j', async (values, message) => {
    const { status, err } = await template(values);
    expect(status).not.toBe(0);
    expect(err).toMatch(message);
  });

  it('has the configuration as livestill reads it', async () => {
    const { text } = await template(everything, ...files);
    const file = join(folder, 'livestill.json');
    const json = /livestill\.json: \|\n((?: {4}.*\n)+)/.exec(objectOf(text, 'ConfigMap'))?.[1];
    await writeFile(file, json!);
    const names = [...objectOf(text, 'Deployment').matchAll(/name: (LIVESTILL_\w+), value: '?([^' }]*)/g)];
    const env = Object.fromEntries(names.map(([, name, value]) => [name, value]));
    expect(Object.keys(env).length).toBeGreaterThan(6);
    const ours = { LIVESTILL_CONFIG: file, LIVESTILL_TLS_CERT: '', LIVESTILL_TLS_KEY: '' };
    const checked = spawnSync(process.execPath, [inProject('bin/livestill.js'), 'config', 'print'], {
      env: { ...process.env, ...env, ...ours },
      encoding: 'utf8',
    });
    expect(checked.status, checked.stdout + checked.stderr).toBe(0);
    expect(checked.stdout).toMatch(/retentionDays.*30/);
    expect(checked.stdout).toContain('/var/lib/livestill/data');
  });
});

describe.skipIf(helm.path === null || validator.path === null)(
  `the rendered objects${why(helm.reason ?? validator.reason)}`,
  () => {
    it.each([
      ['as they are', {}, [], 7],
      ['with everything switched on', everything, files, 10],
    ])('%s are what the schemas of Kubernetes say', async (_, values, more, count) => {
      const { text, err } = await template(values, ...more);
      expect(err).toBe('');
      const file = join(folder, 'rendered.yaml');
      await writeFile(file, text);
      const program = join(validator.path!, 'kubernetes-validate');
      for (const release of ['1.31', '1.37']) {
        const { status, stdout, stderr } = spawnSync(
          program,
          ['--kubernetes-version', release, '--strict', file],
          { encoding: 'utf8' },
        );
        expect(status, stdout + stderr).toBe(0);
        expect((stdout + stderr).match(/ passed for resource /g)).toHaveLength(count);
      }
    });
  },
);
