import { badCheckpoint } from './errors.ts';
import { PickledTensor, type PickleValue } from './pickle-values.ts';

/** The weights of a checkpoint, by name. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, PickledTensor>;
  /** The key they lie under; null when they are the checkpoint itself. */
  readonly key: string | null;
  /** The other keys beside it. */
  readonly others: readonly string[];
}

/** Where training scripts put weights, the best first: averaged ones are what the original DiT samples with. */
const keys = ['ema', 'model', 'state_dict'];

/**
 * The weights in what a checkpoint holds: a dict of tensors, or such a dict under `ema`, `model` or `state_dict`.
 *
 * @throws WebDiTError `format`.
 */
export function findStateDict(checkpoint: PickleValue, path: string): StateDict {
  if (!(checkpoint instanceof Map)) throw badCheckpoint(`${path} holds no dict of tensors.`);
  const tensors = asTensors(checkpoint);
  if (tensors) return { tensors, key: null, others: [] };
  const names = [...checkpoint.keys()].filter((name) => typeof name === 'string');
  for (const key of keys) {
    const inner = asTensors(checkpoint.get(key) ?? null);
    if (inner) return { tensors: inner, key, others: names.filter((name) => name !== key) };
  }
  throw badCheckpoint(
    `${path} holds no dict of tensors, by itself or under ${keys.join(', ')}; it has ${names.join(', ') || 'nothing'}.`,
  );
}

function asTensors(value: PickleValue): ReadonlyMap<string, PickledTensor> | null {
  if (!(value instanceof Map) || value.size === 0) return null;
  const right = [...value].every(([name, tensor]) => typeof name === 'string' && tensor instanceof PickledTensor);
  return right ? (value as ReadonlyMap<string, PickledTensor>) : null;
}
