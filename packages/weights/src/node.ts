export { pathSource } from './sources/path.ts';
export { pixArtAt, pixArtTiny } from './synth/pixart.ts';
export { maxSynthSeed, type RandomOptions } from './synth/random-weights.ts';
export { type SynthOptions, writeSynthModel } from './synth/synth.ts';
export { writeTextToImageTiny } from './synth/text-to-image.ts';
export { sdNormGroups, sdVae, writeSynthVae } from './synth/vae.ts';
export { writeFailure } from './write/whole-folder.ts';
