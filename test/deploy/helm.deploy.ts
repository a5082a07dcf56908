import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  chart,
  configPrinted,
  files,
  folderOfTests,
  helm,
  type IngressSpec,
  noObjects,
  objectsOf,
  one,
  type Policy,
  specOf,
  template,
  validated,
  variablesOf,
} from './support/chart.ts';
import { inProject, why } from './support/tools.ts';

const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8')) as { version: string };
const folder = folderOfTests();

/** Everything that can be switched on. */
const everything = {
  config: { trustedProxies: ['10.0.0.0/8'], ledger: { retentionDays: 30 } },
  firstApp: true,
  masterKey: { existingSecret: 'keys' },
  auditKey: { existingSecret: 'keys' },
  webhook: { existingSecret: 'keys' },
  batchWebhook: { existingSecret: 'keys' },
  tls: { existingSecret: 'certificate' },
  extraEnv: [{ name: 'HTTPS_PROXY', valueFrom: { secretKeyRef: { name: 'proxy', key: 'url' } } }],
  image: { digest: `sha256:${'0'.repeat(64)}` },
  imagePullSecrets: [{ name: 'registry' }],
  persistence: { storageClass: 'fast' },
  seccompProfile: { type: 'Localhost', localhostProfile: 'livestill.json' },
  ingress: { enabled: true, className: 'nginx', hosts: ['liveness.example.org'], tlsSecret: 'certificate' },
  console: {
    ingress: {
      enabled: true,
      host: 'console.example.org',
      tlsSecret: 'console',
      from: [{ podSelector: {} }],
    },
  },
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

  it.each([
    [{ replicas: 2 }, /replicas: expected 1, found 2\. With store\.kind sqlite/],
    [{ store: { kind: 'mysql' } }, /store[./]kind.*must be one of 'sqlite', 'postgres'/],
    [{ autoscaling: { enabled: true } }, /autoscaling\.enabled: needs store\.kind postgres/],
    [{ worker: { enabled: true } }, /worker\.enabled: needs store\.kind postgres/],
    [
      { store: { redis: { existingSecret: 'a' } } },
      /store\.redis\.existingSecret: needs store\.kind postgres/,
    ],
    [{ store: { postgres: { existingSecret: 'a' } } }, /store\.postgres\.existingSecret: needs store\.kind/],
    [{ config: { port: 80 } }, /config\.port: the chart sets it itself/],
    [{ config: { store: 'postgres://a:b@c/d' } }, /config\.store: the chart sets it itself/],
    [{ config: { redis: { url: 'redis://a' } } }, /config\.redis\.url: the chart sets it itself/],
    [{ config: { tls: { cert: 'a', key: 'b' } }, tls: { existingSecret: 'c' } }, /name one of them/],
    [
      { config: { timeouts: { drainMs: 90_500 } } },
      /more than 96 .* found 60: running requests would be cut/,
    ],
    [{ terminationGracePeriodSeconds: 35 }, /terminationGracePeriodSeconds: expected more than 35/],
    [{ replica: 1 }, /replica/],
    [{ image: { digest: 'latest' } }, /digest/],
    [{ persistence: { accessMode: 'ReadWriteMany' } }, /accessMode/],
    [{ ingress: { enabled: true } }, /hosts/],
    [{ console: { ingress: { enabled: true } } }, /console[./]ingress[./]host/],
    [{ console: { ingress: { enabled: true, host: 'a' } } }, /console\.ingress\.from: name the pods/],
    [{ networkPolicy: { metricsFrom: [{ cidr: '10.0.0.0/8' }] } }, /metricsFrom.*cidr/],
    [{ prometheusRule: { enabled: true } }, /--set-file prometheusRule\.file/],
  ])('refuses %j', (values, message) => {
    const { status, err } = template(folder, values);
    expect(status).not.toBe(0);
    expect(err).toMatch(message);
  });
});

describe.skipIf(noObjects !== null)(`the chart with SQLite${why(noObjects)}`, () => {
  const rendered = (values: object = {}, ...more: readonly string[]) =>
    objectsOf(template(folder, values, ...more));

  it('is one pod with nothing to write but its volumes, no rights and no token', () => {
    const objects = rendered();
    const spec = specOf(objects, 'Deployment');
    expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    const pod = spec.template.spec;
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    });
    const [container] = pod.containers;
    expect(container).toMatchObject({
      image: `livestill:${version}`,
      args: ['serve', '--no-first-app'],
      securityContext: {
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      },
    });
    expect(Object.keys(variablesOf(container))).not.toEqual(
      expect.arrayContaining(['LIVESTILL_MASTER_KEY', 'LIVESTILL_STORE', 'LIVESTILL_NODE']),
    );
    expect(one(objects, 'PersistentVolumeClaim', 'one-livestill-data').spec).toMatchObject({
      accessModes: ['ReadWriteOncePod'],
    });
    const kinds = objects.map(({ kind }) => kind);
    for (const kind of ['Job', 'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'Ingress', 'Secret'])
      expect(kinds).not.toContain(kind);
  });

  it('lets nothing out and nobody at the metrics unless told to', () => {
    const closed = specOf<Policy>(rendered(), 'NetworkPolicy');
    expect(closed).toMatchObject({ policyTypes: ['Ingress', 'Egress'], egress: [] });
    expect(closed.ingress).toEqual([{ ports: [{ port: 'service', protocol: 'TCP' }] }]);
    const open = specOf<Policy>(rendered(everything, ...files), 'NetworkPolicy');
    expect(open.ingress[1]).toEqual({
      ports: [{ port: 'admin', protocol: 'TCP' }],
      from: everything.networkPolicy.metricsFrom,
    });
    expect(open.egress).toEqual(everything.networkPolicy.egress);
  });

  it('opens the console to the ingress controller alone, and never the metrics', () => {
    const from = [{ namespaceSelector: { matchLabels: { name: 'ingress' } } }];
    const objects = rendered({
      console: { ingress: { enabled: true, host: 'console.example.org', tlsSecret: 'c', from } },
    });
    const { rules, tls } = specOf<IngressSpec>(objects, 'Ingress', 'one-livestill-console');
    expect(tls).toEqual([{ secretName: 'c', hosts: ['console.example.org'] }]);
    const { paths } = rules[0].http;
    expect(rules[0].host).toBe('console.example.org');
    expect(paths.map(({ path }) => path)).toEqual(['/console', '/admin/v1']);
    const { service } = paths[0]!.backend;
    expect(one(objects, 'Service', service.name).spec).toMatchObject({ ports: [service.port] });
    const [container] = specOf(objects, 'Deployment').template.spec.containers;
    expect(variablesOf(container).LIVESTILL_CONSOLE_URL?.value).toBe('https://console.example.org');
    expect(specOf<Policy>(objects, 'NetworkPolicy').ingress[1]).toEqual({
      ports: [{ port: 'admin', protocol: 'TCP' }],
      from,
    });
  });

  it('waits longer for the end of a pod than a drain takes', () => {
    const drain = /`timeouts\.drainMs` \| `(\d+)`/.exec(
      readFileSync(inProject('docs/reference/configuration.md'), 'utf8'),
    );
    const pod = specOf(rendered(), 'Deployment').template.spec;
    const [, before] = pod.containers[0].lifecycle.preStop.exec.command;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(Number(drain?.[1]) / 1000 + Number(before));
  });

  it('takes secrets by reference alone', () => {
    const objects = rendered(everything, ...files);
    const [container] = specOf(objects, 'Deployment').template.spec.containers;
    const variables = variablesOf(container);
    for (const [name, secret, key] of [
      ['LIVESTILL_MASTER_KEY', 'keys', 'masterKey'],
      ['LIVESTILL_AUDIT_KEY', 'keys', 'auditKey'],
      ['LIVESTILL_WEBHOOK_SECRET', 'keys', 'webhookSecret'],
      ['LIVESTILL_BATCH_WEBHOOK_SECRET', 'keys', 'batchWebhookSecret'],
    ] as const)
      expect(variables[name]?.valueFrom).toEqual({ secretKeyRef: { name: secret, key } });
    expect(objects.map(({ kind }) => kind)).not.toContain('Secret');
  });

  it('has the configuration as livestill reads it', () => {
    const objects = rendered(everything, ...files);
    const { data } = one(objects, 'ConfigMap');
    const [container] = specOf(objects, 'Deployment').template.spec.containers;
    const plain = Object.values(variablesOf(container)).flatMap(({ name, value }) =>
      value === undefined || name.startsWith('LIVESTILL_TLS') ? [] : [[name, value] as const],
    );
    expect(plain.length).toBeGreaterThan(5);
    const printed = configPrinted(folder, data!['livestill.json']!, Object.fromEntries(plain));
    expect(printed).toMatch(/retentionDays.*30/);
    expect(printed).toContain('/var/lib/livestill/data');
  });

  it.each([
    ['as they are', {}, [], 7],
    ['with everything switched on', everything, files, 11],
  ])('%s its objects are what the schemas of Kubernetes say', (_, values, more, count) => {
    expect(validated(folder, template(folder, values, ...more))).toBe(count);
  });
});
