import { attentionTilings, attentionVariants } from './index.ts';
import { attentionVariantOf, testAttentionVariants } from './variants.testing.ts';

/**
 * Every tiling at one head dim, and the other head dims and cross-attention on the tiling that compiles fastest;
 * attention.full.gpu.test.ts has all of `attentionVariants` against `./reference.ts`.
 */
const quick = attentionVariants.filter(({ name }) => {
  const { tiling, source, headDim } = attentionVariantOf(name);
  return tiling === attentionTilings.small || (headDim === 72 && source === 'self');
});
await testAttentionVariants(quick);
