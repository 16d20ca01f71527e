import { type CacheSpec, compileRunPlan, requireDiT } from '../packages/core/src/index.ts';
import { openModelFolder, type TensorData } from '../packages/weights/src/index.ts';
import { pathSource } from '../packages/weights/src/node.ts';
import { ReferenceDiT } from './reference-dit.ts';
import { repositoryPath, tensorsOf } from './repository.ts';

/** Where the demo keeps what a visitor's GPU is checked against. */
export const checkFolder = 'apps/demo/public/check';

const modelFolder = 'models/emoji-dit';
const goldenFolder = 'goldens/emoji-dit';
const steps = 4;
/** Class id, guidance and starting latents of the golden run `pizza`. */
const run = { label: 385, guidanceScale: 3, init: 'pizza_init' };

/** Runs of four steps: each policy there is, `procache` with selective steps by either score and without. */
const policies: Readonly<Record<string, CacheSpec>> = {
  none: 'none',
  fora: { policy: 'fora', interval: 3 },
  procache: { policy: 'procache', pattern: '1010' },
  'procache-values': {
    policy: 'procache',
    mode: 'paper',
    pattern: '1202',
    deepLayerStart: 6,
    tokenRatio: 0.25,
  },
  'procache-attention': {
    policy: 'procache',
    mode: 'released',
    pattern: '1202',
    deepLayerStart: 6,
    tokenRatio: 0.25,
    ratioSchedule: 'constant',
  },
};

interface CheckFolder {
  readonly golden: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, TensorData>>;
}

const f32 = (shape: readonly number[], data: Float32Array): TensorData => ({ dtype: 'F32', shape, data });

/** The f64 reference of the bundled model. */
export async function openReference(): Promise<{
  readonly reference: ReferenceDiT;
  readonly planOf: (cache: CacheSpec, steps?: number) => ReturnType<typeof compileRunPlan>;
}> {
  const folder = await openModelFolder(pathSource(repositoryPath(modelFolder)));
  const { config, scheduler } = requireDiT(folder, 'The f64 reference');
  return {
    reference: new ReferenceDiT(config, tensorsOf(`${modelFolder}/transformer/diffusion_pytorch_model.safetensors`)),
    planOf: (cache, count = steps) =>
      compileRunPlan({ model: config, sampler: scheduler, steps: count, ...run, cache }),
  };
}

/**
 * What a GPU is checked against before it is trusted: runs of the PyTorch model, from its golden folder, and of the f64
 * reference where PyTorch has none.
 */
export async function makeCheckFolder(): Promise<CheckFolder> {
  const golden = tensorsOf(`${goldenFolder}/golden.safetensors`);
  const { reference, planOf } = await openReference();
  const { inChannels, inputSize } = reference.config;
  const plane = [inChannels, inputSize, inputSize];
  const size = inChannels * inputSize ** 2;
  const init = golden(run.init);
  const latents = golden('pizza_latents');
  const stepOf = (n: number) => latents.slice(n * size, (n + 1) * size);
  const usual = planOf('none', 50);
  const shared = { guidance_scale: run.guidanceScale, guidance_channels: 4, class_label: run.label, init: 'init' };

  const tensors: Record<string, TensorData> = { init: f32([1, ...plane], init) };
  const cases: Record<string, unknown>[] = [];

  // Pure noise, and half way through a run of another class.
  const halfway = 25;
  const rows = [
    { sample: init, timestep: 999, label: run.label },
    { sample: stepOf(halfway - 1), timestep: usual.steps[halfway]?.timestep as number, label: 183 },
  ];
  const forward = rows.flatMap(({ sample, timestep, label }) => [...reference.forward(sample, timestep, label)]);
  tensors.sample = f32([2, ...plane], Float32Array.from(rows.flatMap(({ sample }) => [...sample])));
  tensors.timestep = f32(
    [2],
    Float32Array.from(rows, ({ timestep }) => timestep),
  );
  tensors.labels = f32(
    [2],
    Float32Array.from(rows, ({ label }) => label),
  );
  tensors.forward = f32([2, ...plane], Float32Array.from(forward));
  cases.push({
    name: 'forward',
    type: 'forward',
    sample: 'sample',
    timestep: 'timestep',
    class_labels: 'labels',
    expected: 'forward',
  });

  tensors.pytorch_latents = f32([steps, ...plane], latents.slice(0, steps * size));
  cases.push({
    name: 'pytorch',
    type: 'sample',
    timesteps: usual.steps.map(({ timestep }) => timestep),
    steps,
    ...shared,
    expected_latents: 'pytorch_latents',
  });

  for (const [name, cache] of Object.entries(policies)) {
    const plan = planOf(cache);
    const result = reference.run(plan, init);
    const tensor = `${name}_latents`;
    tensors[tensor] = f32([steps, ...plane], Float32Array.from(result.latents.flatMap((one) => [...one])));
    const tokens = [...result.tokens].map(([place, ids]) => {
      const [n, layer] = place.split('.').map(Number);
      return { n, layer, rows: ids };
    });
    cases.push({
      name,
      type: 'sample',
      timesteps: plan.steps.map(({ timestep }) => timestep),
      ...shared,
      ...(cache === 'none' ? {} : { cache }),
      expected_latents: tensor,
      ...(tokens.length > 0 ? { expected_tokens: tokens } : {}),
    });
  }

  tensors.picture_latents = f32([1, ...plane], stepOf(49));
  tensors.picture = f32([1, 3, 64, 64], golden('pizza_image'));
  cases.push({ name: 'picture', type: 'decode', latent: 'picture_latents', expected: 'picture' });

  return {
    golden: {
      format: 'webdit-golden/1',
      kind: 'dit',
      model: '../../../../models/emoji-dit',
      reference:
        'pytorch and picture: the first steps and the picture of the run "pizza" of goldens/emoji-dit, made by the PyTorch model. The rest: the f64 reference of this repository (testing/reference-dit.ts), which computes every policy by its definition, and what PyTorch does where both ran.',
      // As the tiny goldens' and emoji-dit's; measured on the two software adapters: 2.1e-7, 1.4e-5, all tokens, 128.8 dB.
      targets: { forward: 1e-5, latents: 1e-4, tokens_equal: 0.995, image_psnr_db: 55 },
      // Measured on lavapipe: 2.6e-4, 1.8e-2 (four steps are large ones, and make more of an error), all tokens, 128.8 dB.
      targets_f16: { forward: 2e-3, latents: 5e-2, tokens_equal: 0.75, image_psnr_db: 40 },
      cases,
    },
    tensors,
  };
}
