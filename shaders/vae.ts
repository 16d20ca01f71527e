// What only the decoder of a VAE runs, apart, so that pages which need none of it do not load it.
export * from './conv/index.ts';
export * from './group_norm/index.ts';
export * from './softmax/index.ts';
