import type { PipelineInfo } from '../types.ts';

/** What a loaded model of the smallest size says of itself. */
export const testInfo: Pick<PipelineInfo, 'model'> = {
  model: {
    latentShape: [4, 2, 2],
    imageSize: { width: 8, height: 8 },
    imageEncoder: true,
    depth: 2,
    hiddenSize: 16,
    numClasses: 10,
    text: null,
    defaults: { numInferenceSteps: 50, guidanceScale: 3 },
    schedules: [],
  },
};
