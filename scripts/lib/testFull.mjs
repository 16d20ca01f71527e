import { endToEnd, fullTests, prepare } from './stages.mjs';
import { runSuite } from './suite.mjs';

/** The slow rest, on top of `npm test`: files named *.full.test.ts, *.full.gpu.test.ts and *.full.e2e.ts. */
export async function run() {
  await runSuite([prepare, fullTests, endToEnd('full')], 45);
}
