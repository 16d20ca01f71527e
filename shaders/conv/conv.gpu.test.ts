import { convVariants } from './index.ts';
import { testConvVariants } from './variants.testing.ts';

/** One tiling of each kind, and both kinds of weights once; conv.full.gpu.test.ts has all of `convVariants` against `./reference.ts`. */
const quick = ['register-8x4', 'subgroups-4x4', 'workgroup-8x8'].map((tiling) =>
  convVariants.find(({ name }) => name.startsWith(`conv.${tiling}`) && name.endsWith('.f32')),
);
const packed = convVariants.find(({ name }) => name.endsWith('packed-f16'));
await testConvVariants([...quick, packed].filter((kernel) => kernel !== undefined));
