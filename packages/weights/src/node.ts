export { pathSource } from './sources/path.ts';
export { pixArtAt, pixArtTiny } from './synth/pixart.ts';
export { maxSynthSeed, type SynthOptions, writeSynthModel } from './synth/synth.ts';
export { writeFailure } from './write/whole-folder.ts';
