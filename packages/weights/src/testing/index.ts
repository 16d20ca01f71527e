export { FakeCaches, FakeLocks } from './fake-browser.ts';
export { FakeDirectory } from './fake-directory.ts';
export { type FakeHub, hubCommit, startFakeHub } from './fake-hub.ts';
export { FakeServer, type ServedFile } from './fake-server.ts';
export { type LocalServer, serveFolder, startLocalServer } from './local-server.ts';
export { type RecordedTensor, RecordingSink } from './recording-sink.ts';
export { type Shards, splitWeights } from './split-weights.ts';
export { type SynthFolder, type SynthSpec, synth256MiB, writeSynthFolder } from './synth-folder.ts';
export { widenEmbedders } from './wide-embedders.ts';
