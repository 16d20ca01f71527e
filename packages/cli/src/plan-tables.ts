import type { Table } from '@webdit/gpu/bench';
import type { DTypePlan, ModelPlan, PolicyMemory } from 'webdit/node';

/** What a plan says, for a terminal: what is held, then what runs take, in MiB; a total that does not fit is marked. */
export function planTables(plan: ModelPlan): Table[] {
  const { numInferenceSteps, guidanceScale, batch, dtypes } = plan;
  const decodes = dtypes.some(({ decoder }) => decoder !== 0);
  return [
    {
      title: `GPU memory in MiB, as it is held; ${limitsText(plan)}`,
      header: ['dtype', 'weights', 'most while loading', ...(decodes ? ['VAE, as it decodes'] : [])],
      textColumns: 1,
      rows: dtypes.map(({ dtype, weights, loading, decoder }) => [
        dtype,
        mebibytes(weights),
        mebibytes(loading),
        ...(decodes ? [mebibytes(decoder)] : []),
      ]),
    },
    {
      title: `Runs of ${numInferenceSteps} steps, guidance ${guidanceScale} (batch ${batch}); a total holds the weights${decodes ? ' and the VAE' : ''}`,
      header: ['cache policy', 'fits', 'activations', 'cache', ...dtypes.map(({ dtype }) => `total ${dtype}`)],
      textColumns: 2,
      rows: (dtypes[0]?.policies ?? []).map((first, i) => {
        const all = dtypes.map(({ policies }) => policies[i] as PolicyMemory);
        const { activations, kept } = all.find(({ total }) => total !== null) ?? first;
        return [
          policyName(first),
          fitting(dtypes, i),
          mebibytes(activations),
          mebibytes(kept),
          ...all.map(({ total }) => mebibytes(total)),
        ];
      }),
    },
  ];
}

/** Why runs are not possible, and what to change: for memory the first of each dtype, for everything else each. */
export function planRefusals({ dtypes }: ModelPlan): string[] {
  const sentences = new Map<string, string>();
  for (const { dtype, policies } of dtypes) {
    for (const memory of policies) {
      const { refusal } = memory;
      if (!refusal) continue;
      const key = refusal.code === 'out-of-memory' ? dtype : policyName(memory);
      if (!sentences.has(key)) sentences.set(key, `${key}: ${refusal.message} ${refusal.remedy}`);
    }
  }
  return [...sentences.values()];
}

function limitsText({ adapter, limits }: ModelPlan): string {
  const { maxBufferSize, maxStorageBufferBindingSize, memory } = limits;
  const whose = adapter
    ? adapter.description || adapter.device || adapter.vendor || 'the adapter'
    : 'as every WebGPU adapter grants';
  const bounds = [
    `buffers to ${mebibytes(maxBufferSize)}`,
    `bindings to ${mebibytes(maxStorageBufferBindingSize)}`,
    ...(memory === null ? [] : [`${mebibytes(memory)} in all`]),
  ];
  return `${bounds.join(', ')} (${whose})`;
}

function fitting(dtypes: readonly DTypePlan[], policy: number): string {
  const fits = dtypes.filter(({ policies }) => policies[policy]?.fits).map(({ dtype }) => dtype);
  if (fits.length === dtypes.length) return 'yes';
  return fits.length === 0 ? 'no' : fits.join(', ');
}

const policyName = ({ cache }: Pick<PolicyMemory, 'cache'>) => (typeof cache === 'string' ? cache : cache.policy);

const mebibytes = (bytes: number | null) => (bytes === null ? '-' : (bytes / 2 ** 20).toFixed(1));
