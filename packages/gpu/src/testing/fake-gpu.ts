import type { Dispatch } from '../program.ts';

/**
 * A GPU of constant speed: each submit takes its dispatches' cost / `speed`, one after the other, in fake time. Of every submit
 * it keeps whether an earlier one had been measured by then.
 */
export function fakeGpu(speed: number, isFallback = true) {
  let measured = false;
  const submits: { cost: number; started: number; measured: boolean }[] = [];
  let encoded = 0;
  let freeAt = 0;
  let inFlight = 0;
  let mostInFlight = 0;
  const pass = {
    setPipeline() {},
    setBindGroup() {},
    dispatchWorkgroups: (cost: number) => {
      encoded += cost;
    },
    end() {},
  };
  const encoder = { beginComputePass: () => pass, finish: () => ({}), copyBufferToBuffer() {} };
  const queue = {
    submit() {
      const cost = encoded;
      encoded = 0;
      freeAt = Math.max(freeAt, performance.now()) + (cost / speed) * 1000;
      submits.push({ cost, started: performance.now(), measured });
      mostInFlight = Math.max(mostInFlight, ++inFlight);
    },
    onSubmittedWorkDone: () =>
      new Promise<void>((resolve) => {
        setTimeout(() => {
          inFlight--;
          measured = true;
          resolve();
        }, freeAt - performance.now());
      }),
  };
  const device = { queue, createCommandEncoder: () => encoder } as unknown as GPUDevice;
  const adapterInfo = { vendor: '', architecture: '', device: '', description: '', isFallback };
  return { holder: { device, adapterInfo, check() {} }, submits, most: () => mostInFlight };
}

/** A dispatch of some cost for a `fakeGpu`. */
export function fakeDispatch(cost: number): Dispatch {
  return { handle: { pipeline: {} }, workgroups: [cost, 1, 1], cost } as unknown as Dispatch;
}
