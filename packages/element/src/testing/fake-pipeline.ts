import type { GenerateOptions, PipelineInfo } from 'webdit';
import type { Pipeline } from '../pool/shared-pipeline.ts';

/** A `generate` call that waits for the test to end it. */
export interface FakeRun {
  readonly label: string | number;
  readonly options: GenerateOptions;
  finish(): void;
  fail(error: unknown): void;
}

/** A pipeline that runs as far as a test says. */
export class FakePipeline {
  readonly runs: FakeRun[] = [];
  disposed = 0;
  paused = false;

  readonly pipeline = {
    info: { name: 'fake' } as PipelineInfo,
    generate: ({ label }: { label: string | number }, options: GenerateOptions) =>
      new Promise<unknown>((resolve, reject) => {
        options.signal?.addEventListener('abort', () => reject(options.signal?.reason));
        this.runs.push({ label, options, finish: () => resolve({ label }), fail: reject });
      }),
    pause: () => {
      this.paused = true;
    },
    resume: () => {
      this.paused = false;
    },
    dispose: async () => {
      this.disposed++;
    },
  } as unknown as Pipeline;

  /** Labels of the runs that were begun, in order. */
  get order(): string {
    return this.runs.map(({ label }) => label).join(' ');
  }
}

/** Lets everything happen that waits for nothing but its turn in the event loop. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
