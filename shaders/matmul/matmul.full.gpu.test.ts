import { matmulVariants } from './index.ts';
import { testMatmulVariants } from './variants.testing.ts';

await testMatmulVariants(matmulVariants);
