import { parseTolerantJson, WebDiTError } from '@webdit/core';
import { type ModelFolder, type ModelSource, openRequired, type ParsedTensor, parseSafetensors } from '@webdit/weights';
import type { TensorCheck } from './checks.ts';
import { type Golden, parseGolden, selectCases } from './golden.ts';
import { caseName, type PreparedCase, prepareCase, runCase, type VerifyBench } from './run-case.ts';

/** A golden folder, read. */
export interface GoldenFolder {
  readonly golden: Golden;
  readonly tensors: ReadonlyMap<string, ParsedTensor>;
}

/**
 * Reads `golden.json` and `golden.safetensors`.
 * @throws WebDiTError `not-found`, `network`, `format`, `unsupported-config`; the signal's reason.
 */
export async function openGolden(source: ModelSource, signal?: AbortSignal): Promise<GoldenFolder> {
  const read = async (path: string) => openRequired(source, path, { signal });
  const golden = parseGolden(parseTolerantJson(await (await read('golden.json')).text(), 'golden.json'));
  const bytes = await (await read('golden.safetensors')).bytes();
  return { golden, tensors: parseSafetensors(bytes, 'golden.safetensors') };
}

/**
 * Compiles the cases of these names, or all, against their model.
 * @throws WebDiTError `bad-argument` for an unknown name, `unsupported-config` for goldens of a VAE alone, and as `prepareCase`.
 */
export function prepareCases(
  { golden: { cases, conditions }, tensors }: GoldenFolder,
  folder: Pick<ModelFolder, 'scheduler' | 'config'>,
  { names, steps }: { readonly names?: readonly string[] | undefined; readonly steps?: number | undefined },
): PreparedCase[] {
  if (conditions === 'none') {
    throw new WebDiTError('unsupported-config', 'The golden folder is of a VAE alone.', 'Use webdit verify on it.');
  }
  return selectCases(cases, names).map((entry) => prepareCase(entry, folder, steps, tensors));
}

/**
 * Runs the cases one after the other.
 * @param hooks.onCase before each. `hooks.onChecks`: after it, with what it checked.
 * @throws what the model throws, WebDiTError `format` for tensors or targets that the folder lacks; the signal's reason.
 */
export async function runCases(
  cases: readonly PreparedCase[],
  bench: VerifyBench,
  hooks: {
    readonly onCase: (name: string, done: number) => void;
    readonly onChecks: (checks: readonly TensorCheck[]) => void;
  },
): Promise<TensorCheck[]> {
  const all: TensorCheck[] = [];
  for (const [done, prepared] of cases.entries()) {
    hooks.onCase(caseName(prepared), done);
    const checks = await runCase(prepared, bench);
    all.push(...checks);
    hooks.onChecks(checks);
  }
  return all;
}
