import type { StepCompute } from '../plan.ts';

/** How many full steps back the branch outputs that a run reads lie at most: 0 when it reads none, 1 for plain reuse. */
export function featureDepth(steps: readonly StepCompute[]): number {
  return Math.max(0, ...steps.map(featuresRead));
}

/** Branch outputs of how many full steps this step reads. */
export function featuresRead({ kind, forecast }: StepCompute): number {
  if (kind === 'forecast') return Math.max(0, ...(forecast ?? []).map((weights) => weights.length));
  return kind === 'reuse' || kind === 'selective' ? 1 : 0;
}

/** Whether a selective step has anything to compute, or a reuse step would be refused for it. */
export function recomputes({ mlpTokens = [], crossTokens = [], attnLayers = [] }: StepCompute): boolean {
  return attnLayers.length > 0 || [...mlpTokens, ...crossTokens].some((k) => k > 0);
}

/** Layers in which a step recomputes some of the tokens, and so has to choose them; in rising order. */
export function choosingLayers({ mlpTokens = [], crossTokens = [] }: StepCompute, tokens: number): number[] {
  const chooses = (k = 0) => k > 0 && k < tokens;
  const layers = Math.max(mlpTokens.length, crossTokens.length);
  return Array.from({ length: layers }, (_, layer) => layer).filter(
    (layer) => chooses(mlpTokens[layer]) || chooses(crossTokens[layer]),
  );
}

/** False for steps that take their prediction from earlier ones. */
export function runsModel({ kind, predictions }: StepCompute): boolean {
  return kind !== 'forecast' || predictions === undefined;
}

/** Predictions of how many full steps before this one it reads. */
export function predictionsRead({ kind, predictions = [] }: StepCompute): number {
  return Math.max(0, predictions.length - (kind === 'full' ? 1 : 0));
}

/** Per step, whether a run can resume before it from latents alone: full, and nothing after it reads what came before. */
export function checkpoints(steps: readonly StepCompute[]): boolean[] {
  /** Stored features, predictions and stack, as the steps from here on need them from before. */
  let features = 0;
  let predictions = 0;
  let stack = false;
  return steps
    .map((step, n) => ({ step, n }))
    .reverse()
    .map(({ step }) => {
      if (step.storesCache && features > 0) features--;
      features = Math.max(features, featuresRead(step));
      if (step.kind === 'full' && predictions > 0) predictions--;
      predictions = Math.max(predictions, predictionsRead(step));
      if (step.kind === 'skip' || step.probe?.asks) stack = true;
      else if (step.stack) stack = false;
      return step.kind === 'full' && features === 0 && predictions === 0 && !stack;
    })
    .reverse();
}

/** Per step, whether a later one reads the branch outputs that it would store as a full step. */
export function outputsRead(steps: readonly StepCompute[]): boolean[] {
  /** Full steps before this one whose outputs the steps from here on read. */
  let features = 0;
  return steps
    .toReversed()
    .map((step) => {
      if (step.kind !== 'full') {
        features = Math.max(features, featuresRead(step));
        return false;
      }
      const read = features > 0;
      if (read) features--;
      return read;
    })
    .reverse();
}
