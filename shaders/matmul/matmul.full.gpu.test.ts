import { testMatmulVariants } from './check.ts';
import { matmulVariants } from './index.ts';

await testMatmulVariants(matmulVariants);
