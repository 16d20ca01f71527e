import { flatWorkgroups, type Kernel, wgslModule } from '../common/kernel.ts';
import { unroll } from '../common/unroll.ts';
import kernelSource from './kernel.wgsl?raw';

export type ProbeNumber = 'f32' | 'f16';

/** One member of the family: what is computed, in how many independent chains. */
export interface ArithmeticProbe {
  readonly number: ProbeNumber;
  readonly form: 'fma' | 'a*b+c';
  readonly width: 'scalar' | 'vec4';
  readonly accumulators: number;
}

/** Every {1, 2, 4, 8 accumulators} x {fma, a*b+c} x {scalar, vec4}, in f32 and in f16. */
export const arithmeticProbes: readonly ArithmeticProbe[] = (['f32', 'f16'] as const).flatMap((number) =>
  ([1, 2, 4, 8] as const).flatMap((accumulators) =>
    (['fma', 'a*b+c'] as const).flatMap((form) =>
      (['scalar', 'vec4'] as const).map((width) => ({ number, form, width, accumulators })),
    ),
  ),
);

/** Multiply-adds in one turn of the loop, over all chains: enough that the loop itself costs nothing. */
const perTurn = 16;

/** Values of one `Value`. */
export const probeLanes = ({ width }: ArithmeticProbe): number => (width === 'vec4' ? 4 : 1);

/** Storage: operands, ends. Both f32 whatever is computed in. */
export function arithmeticProbeKernel({ number, form, width, accumulators }: ArithmeticProbe): Kernel {
  const type = (name: ProbeNumber) => (width === 'vec4' ? `vec4<${name}>` : name);
  const expression = form === 'fma' ? 'fma(a, b, c)' : 'a * b + c';
  const header = [
    `alias Value = ${type(number)};`,
    `alias Wide = ${type('f32')};`,
    `const ACCUMULATORS = ${accumulators}u;`,
    `fn multiply_add(a: Value, b: Value, c: Value) -> Value { return ${expression}; }`,
  ];
  const features = number === 'f16' ? (['shader-f16'] as const) : [];
  const body = unroll(kernelSource, { u: perTurn / accumulators, a: accumulators });
  return {
    name: `arithmetic_probe.${number}.${form === 'fma' ? 'fma' : 'mul-add'}.${width}.${accumulators}`,
    op: 'arithmetic_probe',
    source: wgslModule([...header, body], features),
    storage: ['read', 'read_write'],
    usesStep: false,
    features,
    files: ['arithmetic_probe/kernel.wgsl'],
  };
}

export const arithmeticProbeVariants: readonly Kernel[] = arithmeticProbes.map(arithmeticProbeKernel);

/** Steps of each chain in `turns` turns. */
export function probeSteps({ accumulators }: ArithmeticProbe, turns: number): number {
  return (turns * perTurn) / accumulators;
}

/** Params, workgroups and work of `turns` turns in every one of `invocations`. */
export function arithmeticProbeCall(probe: ArithmeticProbe, invocations: number, turns: number) {
  return {
    params: Uint32Array.of(invocations, turns),
    workgroups: flatWorkgroups(invocations),
    flops: 2 * perTurn * probeLanes(probe) * turns * invocations,
  };
}

/** Operands as the kernel reads them: one factor, one addend, and a first value for each chain, the same in every lane. */
export function probeOperands(
  probe: ArithmeticProbe,
  factor: number,
  addend: number,
  first: (chain: number) => number,
): Float32Array {
  const values = [factor, addend, ...Array.from({ length: probe.accumulators }, (_, chain) => first(chain))];
  const lanes = probeLanes(probe);
  return Float32Array.from({ length: values.length * lanes }, (_, i) => values[Math.floor(i / lanes)] as number);
}
