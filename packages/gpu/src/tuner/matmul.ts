import {
  bytesPerWeight,
  type MatmulSize,
  type MatmulTiling,
  type MatmulWeights,
  matmulKernel,
  matmulNumericCheck,
  matmulStoreParams,
  matmulTilings,
  matmulWorkgroups,
} from '@webdit/shaders';
import type { BufferScope } from '../allocator.ts';
import type { DeviceHolder } from '../device.ts';
import { noiseFiller } from '../noise.ts';
import { dispatchCostLimit } from '../slicer.ts';
import type { KernelChoice } from '../tiling.ts';
import type { NumericCheck, OpCase, OpVariant, SizeClass, TunableOp } from './op.ts';
import type { TuningRecord } from './record.ts';
import { byName, workingVariant } from './working.ts';

/** Rows that end a class: a matmul of few rows wants another tiling than one of many, but not for each number of them. */
export const matmulRowBounds: readonly number[] = [4, 16, 64];
/** Rows of a timed part; more of them say nothing new. */
const maxRows = 256;
/** Columns of a timed part: whole tiles of every tiling, and at least some workgroups. */
const columnStep = 128;
/** Bytes of weights of a timed part. */
const maxWeightBytes = 32 * 2 ** 20;

/** The class of a size, such as `16x256x1024`: up to 16 rows; `manyx…`: more than any bound. */
export function matmulClass({ rows, K, N }: MatmulSize): string {
  const bound = matmulRowBounds.find((most) => rows <= most);
  return `${bound ?? 'many'}x${K}x${N}`;
}

export type MatmulCandidates = ReadonlyMap<string, MatmulTiling>;

/** What is chosen from, by name: kept tilings and the base's own, as far as this device has the features for them. */
export function matmulCandidates(
  { features }: Pick<DeviceHolder, 'features'>,
  { sizes, untimed = [], base }: Pick<MatmulOpRequest, 'sizes' | 'untimed' | 'base'>,
  tilings: readonly MatmulTiling[] = matmulTilings,
): MatmulCandidates {
  return byName(features, [...tilings, ...[...sizes, ...untimed].map((size) => base.matmul(size))]);
}

export interface MatmulOpRequest {
  readonly weights: MatmulWeights;
  /** Those that matter most first; one of each class is timed, the first. */
  readonly sizes: readonly MatmulSize[];
  /** Sizes that run too and are not worth timing. */
  readonly untimed?: readonly MatmulSize[];
  /** Other weights that some linears have: the same tilings must work on them. */
  readonly alsoOn?: readonly MatmulWeights[];
  /** The choice at sizes that nothing beats it at. */
  readonly base: Pick<KernelChoice, 'matmul'>;
  /** Of these sizes and this base. */
  readonly candidates: MatmulCandidates;
  /** Makes the kernel of a tiling; tests break some. */
  readonly kernelOf?: typeof matmulKernel;
}

/** Matmul over one kind of weights, as the tuner sees it. Variants are named by their tilings. */
export function matmulOp(
  holder: DeviceHolder,
  { weights, sizes, untimed = [], alsoOn = [], base, candidates, kernelOf = matmulKernel }: MatmulOpRequest,
): TunableOp {
  const form = (tiling: MatmulTiling, weights: MatmulWeights): OpVariant => {
    return {
      name: tiling.name,
      kernel: kernelOf({ tiling, weights, epilogue: 'store' }),
    };
  };
  const checkOn = (weights: MatmulWeights): NumericCheck => {
    return {
      ...checkedCase(candidates, weights),
      formOf: ({ name }) => form(candidates.get(name) as MatmulTiling, weights),
    };
  };
  const fill = noiseFiller(holder.device.queue);
  const classes = new Map<string, SizeClass>();
  for (const size of sizes) {
    const key = matmulClass(size);
    if (classes.has(key)) continue;
    classes.set(key, {
      key,
      incumbent: base.matmul(size).name,
      cut: (flops) => timedCase(fill, candidates, weights, cutSize(holder, weights, size, flops)),
    });
  }
  return {
    name: `matmul.${[weights, ...alsoOn].join('+')}`,
    variants: [...candidates.values()].map((tiling) => form(tiling, weights)),
    classes: [...classes.values()],
    checks: [checkOn(weights), ...alsoOn.map(checkOn)],
    inUse: (known) => {
      const tuned = tunedMatmul(base, known, candidates);
      return [...sizes, ...untimed].map((size) => tuned(size).name);
    },
  };
}

/** A part of a size: the rows, up to a limit, all of K, and as many columns as the work, the adapter and its bindings allow. */
export function cutSize(
  { adapterInfo, maxStorageBufferBindingSize }: Pick<DeviceHolder, 'adapterInfo' | 'maxStorageBufferBindingSize'>,
  weights: MatmulWeights,
  size: MatmulSize,
  flops: number,
): MatmulSize {
  const { K } = size;
  const rows = Math.min(size.rows, maxRows);
  const byWork = Math.min(flops, dispatchCostLimit(adapterInfo)) / (2 * rows * K);
  const byBytes = Math.min(maxWeightBytes, maxStorageBufferBindingSize) / (K * bytesPerWeight[weights]);
  const fitting = Math.floor(Math.min(Math.max(byWork, columnStep), byBytes) / columnStep) * columnStep;
  return { rows, K, N: Math.min(size.N, Math.max(fitting, columnStep)) };
}

function timedCase(
  fill: ReturnType<typeof noiseFiller>,
  candidates: MatmulCandidates,
  weights: MatmulWeights,
  size: MatmulSize,
): OpCase {
  const { rows, K, N } = size;
  return caseOf(candidates, size, (scope) => {
    const input = scope.storage('tuner.input', rows * K);
    const matrix = scope.storage('tuner.weights', Math.ceil((K * N * bytesPerWeight[weights]) / 4));
    const finish = scope.storage('tuner.finish', 2 * N);
    fill(input);
    fill(finish);
    fill(matrix, weights === 'int8' ? 'bits' : weights === 'f32' ? 'f32' : 'f16');
    return [input, matrix, finish];
  });
}

function checkedCase(candidates: MatmulCandidates, kind: MatmulWeights): Omit<NumericCheck, 'formOf'> {
  const { size, input, weights, finish, expected, tolerance } = matmulNumericCheck(kind);
  const made = caseOf(candidates, size, (scope) =>
    [input, weights, finish].map((content, i) => {
      const buffer = scope.storage(`tuner.check ${i}`, content.length);
      scope.allocator.holder.device.queue.writeBuffer(buffer, 0, content as Float32Array<ArrayBuffer>);
      return buffer;
    }),
  );
  return { ...made, expected: [expected], tolerance };
}

function caseOf(
  candidates: MatmulCandidates,
  size: MatmulSize,
  inputs: (scope: BufferScope) => readonly GPUBuffer[],
): OpCase {
  const { rows, K, N } = size;
  const flops = 2 * rows * K * N;
  return {
    flops,
    prepare(scope) {
      const output = scope.storage('tuner.output', rows * N);
      const storage = [...inputs(scope), output];
      return {
        outputs: [output],
        dispatch: ({ name, kernel }) => ({
          kernel,
          params: matmulStoreParams(size),
          storage,
          workgroups: matmulWorkgroups(candidates.get(name) as MatmulTiling, rows, N),
          cost: flops,
        }),
      };
    },
  };
}

/** The matmul choice of a record: where nothing was decided, what the base chooses, unless that failed its check here. */
export function tunedMatmul(
  base: Pick<KernelChoice, 'matmul'>,
  { decided, checked }: Pick<TuningRecord, 'decided' | 'checked'>,
  candidates: MatmulCandidates,
): KernelChoice['matmul'] {
  return (size) => {
    const usual = base.matmul(size);
    const wanted = candidates.get(decided[matmulClass(size)] ?? '') ?? usual;
    return workingVariant('matmul', wanted, [usual, ...candidates.values()], checked);
  };
}
