import type { ModelSource } from '@webdit/weights';
import type { EngineDriver } from './driver.ts';
import { Engine, type LoadHooks } from './engine.ts';
import type { EngineOptions } from './load-request.ts';

/**
 * An engine on the device that was asked for, on this thread.
 * @throws WebDiTError `bad-argument` and whatever the engine's `load` throws; or `signal.reason`.
 */
export async function loadEngine(source: ModelSource, options: EngineOptions, hooks: LoadHooks): Promise<EngineDriver> {
  if (options.device === 'webgpu') return Engine.load(source, options, hooks);
  // Few pages need it.
  const { CpuEngine } = await import('./wasm/cpu-engine.ts');
  return CpuEngine.load(source, options, hooks);
}
