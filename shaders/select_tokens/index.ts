import type { Kernel, KernelConstants, Workgroups } from '../common/kernel.ts';
import kernelSource from './kernel.wgsl?raw';
import type { SelectTokensSize } from './reference.ts';

/** Most tokens one workgroup ranks: their scores fill the 16 KiB that every adapter has, and 32 bits hold a lane's tokens. */
export const maxSelectTokens = 4096;

/** Invocations of the kernel's workgroup. */
const lanes = 256;

/** Token selection of one layer. Storage: scores, ages, ids. */
export const selectTokensKernel: Kernel = {
  name: 'select_tokens',
  op: 'select_tokens',
  source: kernelSource,
  storage: ['read', 'read_write', 'read_write'],
  usesStep: false,
  files: ['select_tokens/kernel.wgsl'],
};

export const selectTokensVariants: readonly Kernel[] = [selectTokensKernel];

export function selectTokensConstants(tokens: number): KernelConstants {
  return { TOKENS: Math.max(tokens, lanes) };
}

export function selectTokensParams(p: SelectTokensSize): Uint32Array {
  const params = new Uint32Array(12);
  params.set([p.tokens, p.planes, p.selected, p.batch, p.window, Number(p.shared), Number(p.reset), p.aged, p.columns]);
  new Float32Array(params.buffer).set([p.sign, p.staleness, p.bonusRatio], 9);
  return params;
}

export function selectTokensWorkgroups(batch: number): Workgroups {
  return [batch, 1, 1];
}
