import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { goProgram, inProject, pythonPrograms } from './tools.ts';

/** Helm itself. */
export const helm = goProgram('helm', 'helm.sh/helm/v3/cmd/helm', 'v3.22.0');
/** The check of objects against Kubernetes' schemas, and a reader of YAML beside it. */
export const validator = pythonPrograms('kubernetes-validate==1.37.0');
/** Where the chart is. */
export const chart = inProject('deploy/helm/livestill');
/** Why rendered objects cannot be looked at; null where they can. */
export const noObjects = helm.reason ?? validator.reason;

/** The files that the chart takes from beside it. */
export const files: readonly string[] = [
  ['--set-file', `prometheusRule.file=${inProject('deploy/prometheus/livestill.rules.yaml')}`],
  ['--set-file', `dashboard.file=${inProject('deploy/grafana/livestill.json')}`],
].flat();

/** What helm printed, and what it complained about. */
export interface Rendered {
  readonly status: number | null;
  readonly text: string;
  readonly err: string;
}

/** A folder for a test file's own files, gone at its end. */
export function folderOfTests(): string {
  const folder = mkdtempSync(join(tmpdir(), 'livestill-chart-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Renders the chart with values. */
export function template(folder: string, values: object = {}, ...more: readonly string[]): Rendered {
  const file = join(folder, 'values.json');
  writeFileSync(file, JSON.stringify(values));
  const { status, stdout, stderr } = spawnSync(
    helm.path!,
    ['template', 'one', chart, '--namespace', 'faces', '--kube-version', '1.31.0', '--values', file, ...more],
    { encoding: 'utf8' },
  );
  return { status, text: stdout, err: stderr };
}

/** As much of a Kubernetes object as every one has. */
export interface Rendering {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels: Labels;
    readonly annotations?: Labels;
  };
  readonly spec?: unknown;
  readonly data?: Labels;
}

/** Names and texts. */
export type Labels = Readonly<Record<string, string>>;

/** A variable of a container. */
export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

/** As much of a pod as tests look at. */
export interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [
    {
      readonly args: readonly string[];
      readonly env: readonly Variable[];
      readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
      readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: [string, string] } } };
    },
  ];
  readonly volumes: readonly { readonly name: string }[];
  readonly topologySpreadConstraints?: readonly {
    readonly labelSelector: { readonly matchLabels: Labels };
  }[];
}

/** A Deployment or a Job. */
export interface Workload {
  readonly selector: { readonly matchLabels: Labels };
  readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
}

/** A NetworkPolicy. */
export interface Policy {
  readonly podSelector: { readonly matchLabels: Labels };
  readonly ingress: readonly object[];
  readonly egress: readonly { readonly ports: readonly { readonly port: number }[]; readonly to: object[] }[];
}

/** An Ingress. */
export interface IngressSpec {
  readonly tls: readonly object[];
  readonly rules: readonly [
    {
      readonly host: string;
      readonly http: {
        readonly paths: readonly {
          readonly path: string;
          readonly backend: {
            readonly service: { readonly name: string; readonly port: { readonly name: string } };
          };
        }[];
      };
    },
  ];
}

/** The objects of a rendered chart. */
export function objectsOf({ text, err }: Rendered): readonly Rendering[] {
  expect(err).toBe('');
  const script = 'import json,sys,yaml;print(json.dumps([o for o in yaml.safe_load_all(sys.stdin) if o]))';
  const { status, stdout, stderr } = spawnSync(join(validator.path!, 'python'), ['-c', script], {
    input: text,
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as readonly Rendering[];
}

/** The one object of a kind and a name. */
export function one(objects: readonly Rendering[], kind: string, name = 'one-livestill'): Rendering {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  expect(found, `${kind} ${name}`).toHaveLength(1);
  return found[0]!;
}

/** What it is to be: of a Deployment or a Job, unless the caller says otherwise. */
export function specOf<T = Workload>(...found: Parameters<typeof one>): T {
  return one(...found).spec as T;
}

/** Checks the objects against the schemas of two releases of Kubernetes; how many there are. */
export function validated(folder: string, { text, err }: Rendered): number {
  expect(err).toBe('');
  const file = join(folder, 'rendered.yaml');
  writeFileSync(file, text);
  const counts = ['1.31', '1.37'].map((release) => {
    const { status, stdout, stderr } = spawnSync(
      join(validator.path!, 'kubernetes-validate'),
      ['--kubernetes-version', release, '--strict', file],
      { encoding: 'utf8' },
    );
    expect(status, stdout + stderr).toBe(0);
    return (stdout + stderr).match(/ passed for resource /g)?.length ?? 0;
  });
  expect(new Set(counts).size).toBe(1);
  return counts[0]!;
}

/** The variables of a rendered container. */
export function variablesOf(container: {
  readonly env: readonly Variable[];
}): Readonly<Record<string, Variable>> {
  return Object.fromEntries(container.env.map((variable) => [variable.name, variable]));
}

/** Whether a selector's labels are all among an object's. */
export function selects(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value);
}

/** What `livestill config print` says of a rendered configuration file and the variables of a container. */
export function configPrinted(folder: string, json: string, variables: Readonly<Record<string, string>>) {
  const file = join(folder, 'livestill.json');
  writeFileSync(file, json);
  const path = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' };
  const env = { ...path, ...variables, LIVESTILL_CONFIG: file };
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [inProject('bin/livestill.js'), 'config', 'print'],
    { env, encoding: 'utf8' },
  );
  expect(status, stdout + stderr).toBe(0);
  return stdout;
}
