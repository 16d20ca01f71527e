import { attentionTilings, attentionVariants } from './index.ts';
import { attentionVariantOf, testAttentionVariants } from './variants.testing.ts';

/**
 * Every tiling at one head dim, and cross-attention and the other head dims on the tiling that compiles fastest;
 * attention.full.gpu.test.ts has all of `attentionVariants` against `./reference.ts`.
 */
const quick = attentionVariants.filter(({ name }) => {
  const { tiling, source, headDim } = attentionVariantOf(name);
  const isFast = tiling === attentionTilings.small;
  return headDim === 72 ? isFast || source === 'self' : isFast && source === 'self';
});
await testAttentionVariants(quick);
