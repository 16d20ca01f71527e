import type { MatmulTiling } from '@webdit/shaders';
import type { AdapterInfo } from './device.ts';

/** Rows from which the large register tile has enough to do. */
const largeTileRows = 32;

/**
 * Matmul tiling for an adapter and a number of rows. Software adapters have no use for workgroup memory, whose barriers they
 * pay for; SwiftShader also gains from the large tile. Hardware takes the workgroup tile.
 */
export function chooseTiling(
  { isFallback, description, vendor, architecture }: AdapterInfo,
  rows: number,
): MatmulTiling {
  if (!isFallback) return 'workgroup-64x64';
  const swiftShader = /swiftshader/i.test(`${vendor} ${architecture} ${description}`);
  return swiftShader && rows >= largeTileRows ? 'register-16x8' : 'register-8x4';
}
