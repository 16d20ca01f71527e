import { WebDiTError } from '../errors.ts';

export const timestepSpacings = ['respaced', 'leading', 'linspace', 'trailing'] as const;

/** Which training timesteps a run visits: the original DiT's `respaced`, or one of diffusers' three. */
export type TimestepSpacing = (typeof timestepSpacings)[number];

/** The most steps any run may have. */
export const maxSteps = 1000;

/** @throws WebDiTError `bad-argument` unless `steps` is a whole number from 1 to 1000, and at most `trainSteps`. */
export function checkSteps(steps: number, trainSteps: number = maxSteps): void {
  const most = Math.min(maxSteps, trainSteps);
  if (!Number.isInteger(steps) || steps < 1 || steps > most) {
    throw new WebDiTError(
      'bad-argument',
      `The number of steps is ${String(steps)}, which is not a whole number from 1 to ${most}.`,
      'Pass a number of steps such as 50.',
    );
  }
}

/** numpy's rounding: halves go to the even neighbour. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Timesteps of a DDIM run, in denoising order (descending).
 *
 * `respaced` adds the stride up in f64, as the original DiT does, and rounds half to even. Its single step is the last
 * training step, where the original would visit only t = 0 and leave pure noise almost untouched.
 * The others follow diffusers' `DDIMScheduler`, single steps included. `stepsOffset` belongs to `leading` alone.
 *
 * @throws WebDiTError `bad-argument` for a bad number of steps, or an offset that leaves the training range.
 */
export function ddimTimesteps(spacing: TimestepSpacing, steps: number, trainSteps: number, stepsOffset = 0): number[] {
  checkSteps(steps, trainSteps);
  const ascending: number[] = [];
  switch (spacing) {
    case 'respaced': {
      if (steps === 1) return [trainSteps - 1];
      const stride = (trainSteps - 1) / (steps - 1);
      let sum = 0;
      for (let i = 0; i < steps; i++) {
        ascending.push(roundHalfToEven(sum));
        sum += stride;
      }
      break;
    }
    case 'leading': {
      const stride = Math.floor(trainSteps / steps);
      for (let i = 0; i < steps; i++) ascending.push(i * stride + stepsOffset);
      break;
    }
    case 'linspace': {
      const stride = steps === 1 ? 0 : (trainSteps - 1) / (steps - 1);
      for (let i = 0; i < steps; i++) ascending.push(roundHalfToEven(i * stride));
      break;
    }
    case 'trailing': {
      const stride = trainSteps / steps;
      for (let i = steps - 1; i >= 0; i--) ascending.push(roundHalfToEven(trainSteps - i * stride) - 1);
      break;
    }
  }
  const last = ascending.at(-1) as number;
  if (last >= trainSteps) {
    throw new WebDiTError(
      'bad-argument',
      `With an offset of ${stepsOffset} the run starts at timestep ${last}, past the ${trainSteps} of the model.`,
      'Use fewer steps.',
    );
  }
  return ascending.reverse();
}
