import { attentionTilings, attentionVariants } from './index.ts';
import { attentionVariantOf, testAttentionVariants } from './variants.testing.ts';

/**
 * Every tiling and source at one head dim, and the other head dims on the tiling that compiles fastest;
 * attention.full.gpu.test.ts has all of `attentionVariants` against `./reference.ts`.
 */
const quick = attentionVariants.filter(({ name }) => {
  const { tiling, source, headDim } = attentionVariantOf(name);
  return headDim === 72 || (tiling === attentionTilings.small && source === 'self');
});
await testAttentionVariants(quick);
