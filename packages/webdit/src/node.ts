/** Entry for Node: the pipeline without a worker, and the parts that diagnosis tools drive one by one. */
export { adoptDevice, type DeviceHolder, DiTModel, requestDevice } from '@webdit/gpu';
export { type ModelFolder, type ModelSource, openModelFolder } from '@webdit/weights';
export { pathSource } from '@webdit/weights/node';
export * from './index.ts';
export { fitPreview, type PreviewFit, type PreviewSample } from './lab/preview-fit.ts';
export { VaeDecoder } from './vae.ts';
export { checkLine, verdict } from './verify/checks.ts';
export { targetsFor } from './verify/golden.ts';
export type { PreparedCase, VerifyBench } from './verify/run-case.ts';
export { openGolden, prepareCases, runCases } from './verify/verify.ts';
