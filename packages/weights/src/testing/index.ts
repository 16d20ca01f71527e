export { FakeCaches, FakeLocks } from './fake-browser.ts';
export { FakeServer, type ServedFile } from './fake-server.ts';
export { type RecordedTensor, RecordingSink } from './recording-sink.ts';
export { type SynthFolder, type SynthSpec, synth256MiB, writeSynthFolder } from './synth-folder.ts';
