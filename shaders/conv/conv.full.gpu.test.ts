import { convVariants } from './index.ts';
import { testConvVariants } from './variants.testing.ts';

await testConvVariants(convVariants);
