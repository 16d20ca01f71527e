import type { ModelFolder } from '@webdit/weights';
import type { DType } from './types.ts';

/** How weights are kept where nobody chose: halves as halves, bytes as bytes, everything else as f32. */
export function automaticDType({ weightsDType }: Pick<ModelFolder, 'weightsDType'>): DType {
  if (weightsDType === 'I8') return 'int8';
  return weightsDType === 'F16' ? 'f16' : 'f32';
}
