import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest';
import { run } from '../../packages/cli/src/run.ts';
import { repositoryPath } from '../../testing/repository.ts';
import { type Claim, type Container, expandedArguments, type Job, readManifests } from './manifests.ts';

// Nothing is painted here: a command has understood its options once it asks for an adapter.
vi.mock('../../packages/cli/src/device.ts', () => ({
  openDevice: () => Promise.reject(new Error('would open an adapter')),
}));

const objects = readManifests();
const jobs = objects.filter((object) => object.kind === 'Job');
const claims = objects.filter((object) => object.kind === 'PersistentVolumeClaim') as Claim[];
const indexed = jobs.filter(({ spec }) => spec.completionMode === 'Indexed');
const others = jobs.filter((job) => !indexed.includes(job));
const containersOf = ({ spec: { template } }: Job) => [
  ...(template.spec.initContainers ?? []),
  ...template.spec.containers,
];

let results: string;
beforeAll(() => {
  results = mkdtempSync(join(tmpdir(), 'webdit-cluster-'));
});
afterAll(() => rmSync(results, { recursive: true }));

/** Runs what follows the image's `webdit`, with the volume in a folder of this machine. */
async function webdit(args: readonly string[]) {
  const errors: string[] = [];
  const here = args.map((arg) => arg.replace('/results', results).replace('=models/', `=${repositoryPath('models')}/`));
  const code = await run(here, { line: () => {}, progress: () => {} }, (error) => errors.push(error));
  return { code, errors };
}
const wouldPaint = { code: 1, errors: [expect.stringContaining('would open an adapter')] };

describe('kubernetes', () => {
  test('the manifests hold a volume, two indexed Jobs, and a Job after each', () => {
    expect(claims.map(({ metadata }) => metadata.name)).toEqual(['webdit-results']);
    expect(claims[0]?.spec.accessModes).toEqual(['ReadWriteMany']);
    expect(indexed.map(({ metadata }) => metadata.name).sort()).toEqual(['webdit-compare', 'webdit-search']);
    expect(others.map(({ metadata }) => metadata.name).sort()).toEqual(['webdit-compare-merge', 'webdit-search-merge']);
    for (const { apiVersion, spec } of jobs) {
      const { restartPolicy, volumes } = spec.template.spec;
      // A limit per index, and a policy for failures, need it.
      expect({ apiVersion, restartPolicy }).toEqual({ apiVersion: 'batch/v1', restartPolicy: 'Never' });
      expect(volumes.map((volume) => volume.persistentVolumeClaim.claimName)).toEqual(['webdit-results']);
    }
    for (const { volumeMounts, image } of jobs.flatMap(containersOf)) {
      expect({ volumeMounts, image }).toEqual({
        volumeMounts: [{ name: 'results', mountPath: '/results' }],
        image: 'webdit',
      });
    }
  });

  it.each(indexed.map((job) => [job.metadata.name, job] as const))('%s: every shard is a command', async (_, job) => {
    const { completions = 0, parallelism = 0, backoffLimitPerIndex = 0, podFailurePolicy } = job.spec;
    const [container] = job.spec.template.spec.containers;
    expect(container.env).toEqual([{ name: 'SHARDS', value: String(completions) }]);
    expect(parallelism).toBeLessThanOrEqual(completions);
    expect(backoffLimitPerIndex).toBeGreaterThan(0);
    expect(podFailurePolicy?.rules).toContainEqual({
      action: 'FailJob',
      onExitCodes: { containerName: container.name, operator: 'In', values: [2] },
    });
    for (let index = 0; index < completions; index++) {
      const args = expandedArguments(container, index);
      expect(args).toContain(`--shard=${index}/${completions}`);
      expect(await webdit(args)).toEqual(wouldPaint);
    }
    // What one too many would be told shows that the number is read.
    expect(await webdit(expandedArguments(container, completions))).toMatchObject({ code: 2 });
  });

  it.each(others.map((job) => [job.metadata.name, job] as const))(
    '%s: merges what the shards wrote',
    async (_, job) => {
      const [merge, ...rest] = containersOf(job) as [Container, ...Container[]];
      expect(merge.command).toEqual(['sh', '-c']);
      const shards = indexed.find(({ metadata }) => `${metadata.name}-merge` === job.metadata.name) as Job;
      const resume = (index: number) =>
        expandedArguments(shards.spec.template.spec.containers[0], index)
          .find((arg) => arg.startsWith('--resume='))
          ?.replace('--resume=/results', results) as string;
      for (const index of [0, 1]) writeFileSync(resume(index), '{}');
      // What is merged already is no shard.
      writeFileSync(resume(0).replace('-0', ''), '{}');
      const line = (merge.args[0] as string).replaceAll('/results', results);
      const words = execFileSync('sh', ['-c', line.replace('exec node', 'printf "%s\\n"')], { encoding: 'utf8' });
      const [script, name, ...args] = words.trimEnd().split('\n');
      expect([script, name]).toEqual(['scripts/run.mjs', 'webdit']);
      expect(args.slice(0, 3)).toEqual(['merge', resume(0), resume(1)]);
      // The files are found and read.
      expect(await webdit(args)).toEqual({
        code: 1,
        errors: [expect.stringContaining('is of no comparison and of no search')],
      });
      for (const index of [0, 1]) rmSync(resume(index));
      rmSync(resume(0).replace('-0', ''));
      for (const container of rest) {
        expect(await webdit(expandedArguments(container, 0))).toEqual(wouldPaint);
        const own = container.args.filter((arg) => !/^--(resume|out)=/.test(arg));
        const theirs = shards.spec.template.spec.containers[0].args.filter((arg) => !/^--(resume|shard)=/.test(arg));
        expect(own).toEqual(theirs);
      }
    },
  );

  test('the image starts what the manifests take for granted', () => {
    const lines = readFileSync(repositoryPath('bench/cluster/Dockerfile'), 'utf8').split('\n');
    expect(lines).toContain('ENTRYPOINT ["node", "scripts/run.mjs", "webdit"]');
    expect(lines).toContain('RUN node scripts/run.mjs webdit --help');
  });
});

test.each(['shards.sbatch', 'merge.sbatch'])(
  '%s is a script for bash, and its directives are where Slurm reads them',
  (name) => {
    const path = repositoryPath(`bench/cluster/${name}`);
    execFileSync('bash', ['-n', path]);
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines[0]).toMatch(/^#!.*\bbash$/);
    const firstCommand = lines.findIndex((line) => line !== '' && !line.startsWith('#'));
    const directives = lines.flatMap((line, i) => (line.startsWith('#SBATCH') ? [i] : []));
    expect(directives.length).toBeGreaterThan(3);
    expect(Math.max(...directives)).toBeLessThan(firstCommand);
  },
);
