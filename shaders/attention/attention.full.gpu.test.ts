import { attentionVariants } from './index.ts';
import { testAttentionVariants } from './variants.testing.ts';

await testAttentionVariants(attentionVariants);
