export { type RecordedTensor, RecordingSink } from './recording-sink.ts';
export { type SynthFolder, type SynthSpec, synth256MiB, writeSynthFolder } from './synth-folder.ts';
