import { type MatmulSize, type MatmulTiling, registerTiling, splitKTiling, workgroupTiling } from '@webdit/shaders';
import type { AdapterInfo } from './device.ts';

/** Which kernel variant runs at which size. */
export interface KernelChoice {
  matmul(size: MatmulSize): MatmulTiling;
}

/** Rows from which a large tile has enough to do. */
const largeTileRows = 32;
/** Rows up to which sharing K out keeps more of a GPU busy than tiles do. */
const splitKRows = 4;

const register8x4 = registerTiling([8, 4], [8, 8]);
const register16x8 = registerTiling([16, 8], [8, 4]);
const workgroup8x8 = workgroupTiling([8, 8], [8, 8], 16);
const splitK = splitKTiling(4, [8, 8]);

/**
 * The static table, from the sweeps in `bench/results`. Software adapters have no use for workgroup memory, whose barriers
 * they pay for; SwiftShader also gains from the large tile. Hardware takes the workgroup tile until it has been tuned.
 */
export function staticChoice(adapter: AdapterInfo): KernelChoice {
  const { isFallback, description, vendor, architecture } = adapter;
  if (!isFallback) return { matmul: ({ rows }) => (rows <= splitKRows ? splitK : workgroup8x8) };
  const swiftShader = /swiftshader/i.test(`${vendor} ${architecture} ${description}`);
  return { matmul: ({ rows }) => (swiftShader && rows >= largeTileRows ? register16x8 : register8x4) };
}

/** The same tiling at every size. */
export function fixedChoice(tiling: MatmulTiling): KernelChoice {
  return { matmul: () => tiling };
}
