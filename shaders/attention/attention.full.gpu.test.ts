import { testAttentionVariants } from './check.ts';
import { attentionVariants } from './index.ts';

await testAttentionVariants(attentionVariants);
