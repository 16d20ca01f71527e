import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

/** As much of a Kubernetes Job as the ones here have. */
export interface Job {
  readonly apiVersion: string;
  readonly kind: 'Job';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly completionMode?: string;
    readonly completions?: number;
    readonly parallelism?: number;
    readonly backoffLimitPerIndex?: number;
    readonly podFailurePolicy?: { readonly rules: readonly object[] };
    readonly template: {
      readonly spec: {
        readonly restartPolicy: string;
        readonly initContainers?: readonly Container[];
        readonly containers: readonly [Container];
        readonly volumes: readonly {
          readonly name: string;
          readonly persistentVolumeClaim: { readonly claimName: string };
        }[];
      };
    };
  };
}

export interface Claim {
  readonly kind: 'PersistentVolumeClaim';
  readonly metadata: { readonly name: string };
  readonly spec: { readonly accessModes: readonly string[] };
}

const folder = fileURLToPath(new URL('kubernetes', import.meta.url));

/** Every object of the manifests in kubernetes/. @throws Error for what is no YAML. */
export function readManifests(): (Job | Claim)[] {
  const paths = readdirSync(folder).map((name) => join(folder, name));
  return paths.flatMap((path) => {
    const documents = parseAllDocuments(readFileSync(path, 'utf8'));
    return [...documents].map((document) => {
      const [problem] = [...document.errors, ...document.warnings];
      if (problem) throw new Error(`${path}: ${problem.message}`);
      return document.toJS() as Job | Claim;
    });
  });
}

/**
 * The arguments of a container as the kubelet passes them on: `$(NAME)` stands for a variable of the container, and stays as it is
 * where there is none.
 */
export function expandedArguments({ args, env = [] }: Container, index: number): string[] {
  const values = new Map([
    ['JOB_COMPLETION_INDEX', String(index)],
    ...env.map(({ name, value }) => [name, value] as const),
  ]);
  return args.map((arg) => arg.replace(/\$\((\w+)\)/g, (whole, name: string) => values.get(name) ?? whole));
}
