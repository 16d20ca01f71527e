import { testDevice } from '../../testing/gpu.ts';
import { matmulVariants } from './index.ts';
import { testMatmulVariants } from './variants.testing.ts';

/**
 * Lavapipe takes seconds to compile a variant. Where there is shader-f16 those that need it are tested, the only ones SwiftShader
 * cannot run.
 */
const { features } = await testDevice();
const needF16 = matmulVariants.filter((kernel) => kernel.features?.includes('shader-f16'));
await testMatmulVariants(features.has('shader-f16') ? needF16 : matmulVariants);
