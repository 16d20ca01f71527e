import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vaeWasmPaths } from '../packages/cli/src/vae-runtime.ts';
import { requireDiT } from '../packages/core/src/index.ts';
import { checkTensor, type TensorCheck } from '../packages/webdit/src/verify/checks.ts';
import type { PreparedCase } from '../packages/webdit/src/verify/run-case.ts';
import { openGolden, prepareCases } from '../packages/webdit/src/verify/verify.ts';
import { CpuModel } from '../packages/webdit/src/wasm/cpu-model.ts';
import { openModelFolder, tensorToFloat32 } from '../packages/weights/src/index.ts';
import { pathSource } from '../packages/weights/src/node.ts';

const { signal } = new AbortController();

/** A golden's model in wasm on the processor, and its sample cases, so many steps of each. */
export async function loadCpuGolden(name: string, steps?: number) {
  const path = fileURLToPath(new URL(`../goldens/${name}`, import.meta.url));
  const { golden, tensors } = await openGolden(pathSource(path));
  const folder = requireDiT(await openModelFolder(pathSource(join(path, golden.model))), 'loadCpuGolden');
  const model = await CpuModel.create(folder.config, vaeWasmPaths());
  await folder.loadWeights(model.sink);
  await model.finishLoading(null, signal);
  const cases = prepareCases({ golden, tensors }, folder, { steps }).filter((entry) => entry.type === 'sample');
  const floats = (tensor: string) =>
    tensorToFloat32(tensors.get(tensor) as NonNullable<ReturnType<typeof tensors.get>>);

  /** Runs a case and holds the latents of its last step against the golden's. */
  async function check({ golden: entry, plan }: Extract<PreparedCase, { type: 'sample' }>) {
    const { latents } = await model.run(plan, floats(entry.init), { signal, onStep: () => {} });
    const all = floats(entry.expected_latents);
    const end = plan.steps.length * latents.length;
    const expected = all.subarray(end - latents.length, end);
    const label = { case: entry.name, tensor: entry.expected_latents };
    const latentsCheck: TensorCheck = checkTensor(label, latents, expected, golden.targets.latents as number);
    return { latents, check: latentsCheck };
  }
  return { model, folder, golden, cases, floats, check };
}
