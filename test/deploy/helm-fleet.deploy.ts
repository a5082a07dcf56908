import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  configPrinted,
  files,
  folderOfTests,
  helm,
  type Labels,
  noObjects,
  objectsOf,
  one,
  type Policy,
  type Rendering,
  selects,
  specOf,
  template,
  validated,
  variablesOf,
  type Workload,
} from './support/chart.ts';
import { inProject, why } from './support/tools.ts';

const folder = folderOfTests();
const dns = { port: 53, protocol: 'UDP' };
const postgresAt = [{ ipBlock: { cidr: '10.0.3.7/32' } }];
const redisAt = [{ podSelector: { matchLabels: { app: 'redis' } } }];

/** As little as several nodes need. */
const fleet = {
  replicas: 3,
  store: { kind: 'postgres', postgres: { existingSecret: 'database' } },
  masterKey: { existingSecret: 'keys' },
  auditKey: { existingSecret: 'keys' },
  networkPolicy: { to: { postgres: { peers: postgresAt } } },
};

const somewhere = (cidr: string) => ({ peers: [{ ipBlock: { cidr } }] });
/** Everything that can be switched on. */
const everything = {
  ...fleet,
  store: {
    kind: 'postgres',
    postgres: { existingSecret: 'database', passwordKey: 'password', caSecret: 'database-ca' },
    redis: {
      existingSecret: 'cache',
      urlKey: 'address',
      passwordKey: 'password',
      caSecret: 'ca',
      caKey: 'tls.ca',
    },
  },
  migration: { existingSecret: 'owner' },
  config: { timeouts: { drainMs: 20_000 }, postgres: { poolSize: 7 } },
  worker: { enabled: true, replicas: 4, pictures: { existingClaim: 'pictures' } },
  autoscaling: { enabled: true, queueWait: { enabled: true } },
  ingress: { enabled: true, hosts: ['liveness.example.org'], tlsSecret: 'certificate' },
  console: { ingress: { enabled: true, host: 'console.example.org', from: [{ podSelector: {} }] } },
  webhook: { existingSecret: 'keys' },
  batchWebhook: { existingSecret: 'keys' },
  objectStorage: {
    endpoint: 'https://s3.example.org',
    region: 'eu-central-1',
    pathStyle: false,
    appsPrefix: 'faces/in',
    existingSecret: 'storage',
    sessionTokenKey: 'token',
    caSecret: 'storage-ca',
  },
  telemetry: {
    endpoint: 'https://collector.example.org:4318',
    ratio: 0.05,
    existingSecret: 'collector',
    caSecret: 'collector-ca',
  },
  signIn: {
    issuer: 'https://id.example.org/realms/staff',
    clientId: 'livestill',
    existingSecret: 'provider',
    administrators: ['cn=admins,ou=groups'],
    auditors: ['audit', 'risk'],
  },
  imagePullSecrets: [{ name: 'registry' }],
  extraEnv: [{ name: 'LIVESTILL_LOG_LEVEL', value: 'warn' }],
  serviceMonitor: { enabled: true },
  prometheusRule: { enabled: true },
  dashboard: { enabled: true },
  networkPolicy: {
    metricsFrom: [{ namespaceSelector: {} }],
    to: {
      postgres: { peers: postgresAt },
      redis: { peers: redisAt, ports: [6380] },
      downloads: somewhere('203.0.113.0/24'),
      webhooks: somewhere('198.51.100.0/24'),
      objectStorage: somewhere('10.0.4.1/32'),
      telemetry: somewhere('10.0.4.2/32'),
      signIn: somewhere('10.0.4.3/32'),
    },
    egress: [{ to: [{ podSelector: {} }], ports: [{ port: 9999, protocol: 'TCP' }] }],
  },
};

const rendered = (values: object, ...more: readonly string[]) => objectsOf(template(folder, values, ...more));

/** Storage, collector and provider, with a network that is open. */
const beside = {
  objectStorage: everything.objectStorage,
  telemetry: everything.telemetry,
  signIn: everything.signIn,
  networkPolicy: { enabled: false },
};

describe.skipIf(helm.path === null)(`the chart with PostgreSQL${why(helm.reason)}`, () => {
  it.each([
    [
      { store: { kind: 'postgres', postgres: {} } },
      /store\.postgres\.existingSecret: expected the name of a Secret/,
    ],
    [{ masterKey: {} }, /masterKey\.existingSecret: expected the name of a Secret/],
    [{ auditKey: {} }, /auditKey\.existingSecret: expected the name of a Secret/],
    [{ firstApp: true }, /firstApp: only with store\.kind sqlite/],
    [{ persistence: { existingClaim: 'a' } }, /persistence\.existingClaim: only with store\.kind sqlite/],
    [{ networkPolicy: {} }, /networkPolicy\.to\.postgres\.peers: say where PostgreSQL is/],
    [
      { store: { ...fleet.store, redis: { existingSecret: 'a' } } },
      /networkPolicy\.to\.redis\.peers: say where Redis is/,
    ],
    [{ autoscaling: { enabled: true, minReplicas: 7 } }, /maxReplicas: expected 7 \(minReplicas\)/],
    [{ autoscaling: { enabled: true, cpuPercent: 0 } }, /autoscaling: by nothing/],
    [
      { autoscaling: { enabled: true }, resources: { requests: { cpu: null } } },
      /autoscaling\.cpuPercent: needs resources\.requests\.cpu/,
    ],
    [{ autoscaling: { enabled: true, queueWait: { target: 'soon' } } }, /queueWait[./]target/],
    [{ rollingUpdate: { maxSurge: 0 } }, /maxSurge/],
    [
      { objectStorage: { endpoint: 'http://minio:9000' } },
      /networkPolicy\.to\.objectStorage\.peers: say where objectStorage\.endpoint is/,
    ],
    [{ telemetry: { endpoint: 'http://collector:4318' } }, /networkPolicy\.to\.telemetry\.peers/],
    [{ objectStorage: { existingSecret: 'a' } }, /objectStorage\.endpoint: expected the address/],
    [{ signIn: { existingSecret: 'a' } }, /signIn\.issuer: expected the address/],
    [
      { ...beside, config: { s3: { region: 'a', timeoutMs: 1 } } },
      /config\.s3\.region: with objectStorage\.endpoint the chart sets it itself/,
    ],
    [{ ...beside, config: { traces: { ratio: 1 } } }, /config\.traces\.ratio: with telemetry\.endpoint/],
    [
      { ...beside, config: { console: { oidc: { clientSecretFile: '/a' } } } },
      /config\.console\.oidc\.clientSecretFile: with signIn\.issuer/,
    ],
    [{ ...beside, signIn: { issuer: 'https://a' } }, /signIn\.clientId: expected/],
    [{ ...beside, signIn: { issuer: 'https://a', clientId: 'b' } }, /signIn: nobody could sign in/],
    [
      { ...beside, signIn: { issuer: 'https://a', clientId: 'b', others: 'viewer', scopes: ['email'] } },
      /signIn\.scopes: expected openid/,
    ],
    [{ objectStorage: { endpoint: 'http://minio:9000/a' } }, /objectStorage[./]endpoint/],
    [{ telemetry: { ratio: 2 } }, /telemetry[./]ratio/],
    [{ config: { batch: { adminPort: 1 } } }, /config\.batch\.adminPort: the chart sets it itself/],
    [{ topologySpread: [{ topologyKey: 'a' }] }, /whenUnsatisfiable/],
  ])('refuses %j', (values, message) => {
    const { status, err } = template(folder, { ...fleet, ...values });
    expect(status).not.toBe(0);
    expect(err).toMatch(message);
  });
});

describe.skipIf(noObjects !== null)(`the objects of several nodes${why(noObjects)}`, () => {
  const containerOf = (objects: readonly Rendering[], kind: string, name?: string) =>
    specOf(objects, kind, name).template.spec.containers[0];

  it('replace a node when the new one is ready, and keep nothing in a pod', () => {
    const objects = rendered(fleet);
    const spec = specOf(objects, 'Deployment');
    expect(spec).toMatchObject({
      replicas: 3,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    });
    expect(spec.template.spec.volumes).toContainEqual({ name: 'data', emptyDir: { sizeLimit: '64Mi' } });
    expect(spec.template.spec.containers[0]).toMatchObject({
      readinessProbe: { httpGet: { path: '/readyz', port: 'admin' } },
      lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
    });
    expect(objects.map(({ kind }) => kind)).not.toContain('PersistentVolumeClaim');
    expect(one(objects, 'PodDisruptionBudget').spec).toMatchObject({ maxUnavailable: 1 });
  });

  it('share one pattern of names and take every secret by reference', () => {
    const objects = rendered(everything, ...files);
    for (const name of ['one-livestill', 'one-livestill-worker']) {
      const variables = variablesOf(containerOf(objects, 'Deployment', name));
      expect(variables.LIVESTILL_NODE?.value).toBe('one-livestill-*');
      for (const [variable, secret, key] of [
        ['LIVESTILL_STORE', 'database', 'url'],
        ['LIVESTILL_POSTGRES_PASSWORD', 'database', 'password'],
        ['LIVESTILL_REDIS_URL', 'cache', 'address'],
        ['LIVESTILL_REDIS_PASSWORD', 'cache', 'password'],
        ['LIVESTILL_MASTER_KEY', 'keys', 'masterKey'],
        ['LIVESTILL_AUDIT_KEY', 'keys', 'auditKey'],
        ['LIVESTILL_BATCH_WEBHOOK_SECRET', 'keys', 'batchWebhookSecret'],
        ['LIVESTILL_S3_ACCESS_KEY_ID', 'storage', 'accessKeyId'],
        ['LIVESTILL_S3_SECRET_ACCESS_KEY', 'storage', 'secretAccessKey'],
        ['LIVESTILL_S3_SESSION_TOKEN', 'storage', 'token'],
        ['LIVESTILL_TRACES_AUTHORIZATION', 'collector', 'authorization'],
      ] as const)
        expect(variables[variable]?.valueFrom, variable).toEqual({ secretKeyRef: { name: secret, key } });
    }
    expect(objects.map(({ kind }) => kind)).not.toContain('Secret');
  });

  it('mount every file that a variable names', () => {
    const objects = rendered(everything, ...files);
    for (const [kind, name] of [
      ['Deployment', 'one-livestill'],
      ['Deployment', 'one-livestill-worker'],
      ['Job', 'one-livestill-migrate'],
    ] as const) {
      const { containers, volumes } = specOf(objects, kind, name).template.spec;
      const paths = containers[0].env.flatMap(({ value }) => (value?.startsWith('/') ? [value] : []));
      expect(paths.length).toBeGreaterThan(0);
      const mounts = containers[0].volumeMounts;
      for (const path of paths)
        expect(
          mounts.some(({ mountPath }) => `${path}/`.startsWith(`${mountPath}/`)),
          path,
        ).toBe(true);
      expect(mounts.map((mount) => mount.name).sort()).toEqual(volumes.map((volume) => volume.name).sort());
    }
    expect(specOf(objects, 'Deployment').template.spec.volumes).toContainEqual({
      name: 'redis-ca',
      secret: { secretName: 'ca', items: [{ key: 'tls.ca', path: 'ca.crt' }], defaultMode: 0o440 },
    });
  });

  it('have the files of storage, collector and provider where the settings name them', () => {
    const variables = (objects: readonly Rendering[], name?: string) =>
      variablesOf(containerOf(objects, 'Deployment', name));
    const volumes = (objects: readonly Rendering[], name?: string) =>
      specOf(objects, 'Deployment', name).template.spec.volumes;
    const objects = rendered(everything, ...files);
    const secret = (secretName: string, key: string, path: string) => ({
      secret: { secretName, items: [{ key, path }], defaultMode: 0o440 },
    });
    expect(variables(objects).LIVESTILL_CONSOLE_OIDC_CLIENT_SECRET_FILE?.value).toBe(
      '/etc/livestill-sign-in/clientSecret',
    );
    const signIn = { name: 'sign-in', ...secret('provider', 'clientSecret', 'clientSecret') };
    expect(volumes(objects)).toContainEqual(signIn);
    // A worker has no console.
    expect(variables(objects, 'one-livestill-worker')).not.toHaveProperty(
      'LIVESTILL_CONSOLE_OIDC_CLIENT_SECRET_FILE',
    );
    expect(volumes(objects, 'one-livestill-worker')).not.toContainEqual(signIn);
    const fromFile = rendered(
      {
        ...everything,
        objectStorage: {
          endpoint: 'http://minio:9000',
          existingSecret: 'storage',
          credentialsFileKey: 'aws',
        },
      },
      ...files,
    );
    for (const name of [undefined, 'one-livestill-worker']) {
      expect(variables(objects, name)).toMatchObject({
        LIVESTILL_S3_CA: { value: '/etc/livestill-s3/ca.crt' },
        OTEL_EXPORTER_OTLP_CERTIFICATE: { value: '/etc/livestill-telemetry/ca.crt' },
      });
      expect(volumes(objects, name)).toEqual(
        expect.arrayContaining([
          { name: 's3-ca', ...secret('storage-ca', 'ca.crt', 'ca.crt') },
          { name: 'telemetry-ca', ...secret('collector-ca', 'ca.crt', 'ca.crt') },
        ]),
      );
      const own = variables(fromFile, name);
      expect(own.LIVESTILL_S3_CREDENTIALS_FILE?.value).toBe('/etc/livestill-s3-keys/credentials');
      expect(own).not.toHaveProperty('LIVESTILL_S3_ACCESS_KEY_ID');
      expect(volumes(fromFile, name)).toContainEqual({
        name: 's3-keys',
        ...secret('storage', 'aws', 'credentials'),
      });
    }
  });

  it('start anew where what the chart writes into the configuration changes', () => {
    const checksum = (values: object) =>
      /checksum\/config: (\w+)/.exec(template(folder, values).text)?.[1] ?? 'none';
    const storage = (region: string) => ({ objectStorage: { endpoint: 'http://minio:9000', region } });
    const values = { ...fleet, networkPolicy: { enabled: false } };
    const sums = [{}, storage('a'), storage('b')].map((more) => checksum({ ...values, ...more }));
    expect(new Set(sums).size).toBe(3);
    expect(sums).not.toContain('none');
  });

  it('have their tables made once before everything else, by a role of its own', () => {
    const objects = rendered(everything, ...files);
    const job = one(objects, 'Job', 'one-livestill-migrate');
    expect(job.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' });
    const container = containerOf(objects, 'Job', 'one-livestill-migrate');
    expect(container.args).toEqual(['migrate', 'up']);
    const variables = variablesOf(container);
    expect(Object.keys(variables).sort()).toEqual([
      'LIVESTILL_POSTGRES_CA',
      'LIVESTILL_POSTGRES_PASSWORD',
      'LIVESTILL_STORE',
    ]);
    expect(variables.LIVESTILL_STORE?.valueFrom).toEqual({ secretKeyRef: { name: 'owner', key: 'url' } });
    const policy = one(objects, 'NetworkPolicy', 'one-livestill-migrate');
    expect(Number(policy.metadata.annotations?.['helm.sh/hook-weight'])).toBeLessThan(
      Number(job.metadata.annotations?.['helm.sh/hook-weight']),
    );
    // Hooks come before the rest of a release: what they name must not be a part of it.
    const { text } = template(folder, fleet, '--show-only', 'templates/migration.yaml');
    expect(text).not.toMatch(/serviceAccountName|configMap/);
    const without = rendered({ ...fleet, migration: { enabled: false } });
    expect(without.filter(({ metadata }) => metadata.name.endsWith('-migrate'))).toEqual([]);
  });

  it('are found by their own selectors and by no others', () => {
    const objects = rendered(everything, ...files);
    const workloads = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'Job');
    expect(workloads).toHaveLength(3);
    const foundBy = (selector: Readonly<Record<string, string>>) =>
      workloads
        .filter(({ spec }) => selects(selector, (spec as Workload).template.metadata.labels))
        .map(({ metadata }) => metadata.name);
    for (const { kind, metadata, spec } of objects) {
      if (kind === 'Service')
        expect(foundBy((spec as { selector: Record<string, string> }).selector)).toEqual([
          metadata.name === 'one-livestill-worker-admin' ? 'one-livestill-worker' : 'one-livestill',
        ]);
      if (kind === 'NetworkPolicy')
        expect(foundBy((spec as Policy).podSelector.matchLabels)).toEqual([metadata.name]);
      if (kind === 'PodDisruptionBudget')
        expect(foundBy((spec as Workload).selector.matchLabels)).toEqual(['one-livestill']);
      if (kind !== 'Deployment') continue;
      expect(foundBy((spec as Workload).selector.matchLabels)).toEqual([metadata.name]);
      const spread = (spec as Workload).template.spec.topologySpreadConstraints ?? [];
      expect(spread).toHaveLength(2);
      for (const { labelSelector } of spread)
        expect(foundBy(labelSelector.matchLabels)).toEqual([metadata.name]);
    }
  });

  it('may contact what is named and nothing else', () => {
    const little = specOf<Policy>(rendered(fleet), 'NetworkPolicy');
    expect(little.egress.map(({ ports }) => ports[0])).toEqual([dns, { port: 5432, protocol: 'TCP' }]);
    expect(little.egress[1]?.to).toEqual(postgresAt);
    const objects = rendered(everything, ...files);
    const portsOf = (name?: string) =>
      specOf<Policy>(objects, 'NetworkPolicy', name).egress.map(({ to, ports }) => {
        expect(to.length).toBeGreaterThan(0);
        return ports.map(({ port }) => port);
      });
    const stores = [[53, 53], [5432], [6380]];
    expect(portsOf()).toEqual([...stores, [80, 443], [443], [443], [4318], [443], [9999]]);
    expect(portsOf('one-livestill-worker')).toEqual([...stores, [80, 443], [443], [443], [4318], [9999]]);
    expect(portsOf('one-livestill-migrate')).toEqual([[53, 53], [5432]]);
    const ingressOf = (of: readonly Rendering[], name: string) =>
      specOf<Policy>(of, 'NetworkPolicy', name).ingress;
    expect(ingressOf(objects, 'one-livestill-migrate')).toEqual([]);
    expect(ingressOf(objects, 'one-livestill-worker')).toEqual([
      { ports: [{ port: 'admin', protocol: 'TCP' }], from: everything.networkPolicy.metricsFrom },
    ]);
    const closed = rendered({ ...fleet, worker: { enabled: true } });
    expect(ingressOf(closed, 'one-livestill-worker')).toEqual([]);
  });

  it('are more by processor time and by the wait, and then the chart sets no number', () => {
    const objects = rendered(everything, ...files);
    expect(one(objects, 'Deployment').spec).not.toHaveProperty('replicas');
    const { spec } = one(objects, 'HorizontalPodAutoscaler');
    expect(spec).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: 'one-livestill' },
      minReplicas: 2,
      maxReplicas: 6,
      metrics: [
        { resource: { name: 'cpu', target: { averageUtilization: 70 } } },
        {
          pods: {
            metric: { name: 'livestill_expected_wait_seconds' },
            target: { type: 'AverageValue', averageValue: '300m' },
          },
        },
      ],
    });
    const adapter = readFileSync(inProject('deploy/prometheus/adapter.values.yaml'), 'utf8');
    expect(adapter).toContain('seriesQuery: livestill_expected_wait_seconds{');
    expect(rendered(fleet).map(({ kind }) => kind)).not.toContain('HorizontalPodAutoscaler');
  });

  it('have workers for batches with the shared folder of pictures', () => {
    const objects = rendered(everything, ...files);
    const { spec } = one(objects, 'Deployment', 'one-livestill-worker');
    expect(spec).toMatchObject({ replicas: 4 });
    const container = containerOf(objects, 'Deployment', 'one-livestill-worker');
    expect(container.args).toEqual(['worker']);
    const probe = (path: string) => ({ httpGet: { path, port: 'admin' } });
    expect(container).toMatchObject({
      ports: [{ name: 'admin', containerPort: 8788 }],
      startupProbe: probe('/readyz'),
      readinessProbe: probe('/readyz'),
      livenessProbe: probe('/healthz'),
    });
    expect(variablesOf(container)).toMatchObject({
      LIVESTILL_BATCH_ADMIN_PORT: { value: '8788' },
      LIVESTILL_ADMIN_HOST: { value: '0.0.0.0' },
    });
    expect(variablesOf(container).LIVESTILL_BATCH_PICTURES_DIR?.value).toBe('/var/lib/livestill-pictures');
    expect(specOf(objects, 'Deployment', 'one-livestill-worker').template.spec.volumes).toContainEqual({
      name: 'pictures',
      persistentVolumeClaim: { claimName: 'pictures', readOnly: true },
    });
  });

  it('have their admin ports scraped, those of workers as well', () => {
    const objects = rendered(everything, ...files);
    const { selector } = specOf<{ selector: { matchLabels: Labels } }>(objects, 'ServiceMonitor');
    const found = objects.filter(
      ({ kind, metadata }) => kind === 'Service' && selects(selector.matchLabels, metadata.labels),
    );
    expect(found.map(({ metadata }) => metadata.name).sort()).toEqual([
      'one-livestill-admin',
      'one-livestill-worker-admin',
    ]);
    for (const { spec } of found)
      expect(spec).toMatchObject({ type: 'ClusterIP', ports: [{ name: 'admin', targetPort: 'admin' }] });
  });

  it('have settings as livestill reads them', () => {
    const objects = rendered(everything, ...files);
    const secrets: Readonly<Record<string, string>> = {
      LIVESTILL_STORE: 'postgres://livestill@db.example.org/livestill',
      LIVESTILL_REDIS_URL: 'rediss://cache.example.org:6379/0',
      LIVESTILL_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
    };
    for (const name of ['one-livestill', 'one-livestill-worker']) {
      const { env } = containerOf(objects, 'Deployment', name);
      const variables = Object.fromEntries(
        env.map((variable) => [variable.name, variable.value ?? secrets[variable.name] ?? 'a'.repeat(40)]),
      );
      const json = one(objects, 'ConfigMap').data?.['livestill.json'] ?? '';
      const printed = configPrinted(folder, json, variables);
      for (const [setting, value] of [
        ['node', 'one-livestill-\\*'],
        ['postgres.poolSize', '7'],
        ['timeouts.drainMs', '20000'],
        ['logLevel', 'warn'],
        ['s3.endpoint', 'https://s3.example.org'],
        ['s3.region', 'eu-central-1'],
        ['s3.pathStyle', 'false'],
        ['s3.appsPrefix', 'faces/in'],
        ['traces.endpoint', 'https://collector.example.org:4318'],
        ['traces.ratio', '0.05'],
        ['console.oidc.issuer', 'https://id.example.org/realms/staff'],
        ['console.oidc.clientId', 'livestill'],
        ['console.oidc.administrators', 'cn=admins,ou=groups'],
        ['console.oidc.auditors', 'audit.*risk'],
      ] as const)
        expect(printed).toMatch(new RegExp(`${setting}\\s.*${value}`));
    }
  });

  it.each([
    ['as little as they need', fleet, [], 9],
    ['with everything switched on', everything, files, 16],
  ])('%s are what the schemas of Kubernetes say', (_, values, more, count) => {
    expect(validated(folder, template(folder, values, ...more))).toBe(count);
  });
});
