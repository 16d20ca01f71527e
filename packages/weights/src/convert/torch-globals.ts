import type { TensorDType } from '@webdit/core';
import { elementCount, isSize } from '../safetensors/dtypes.ts';
import { badCheckpoint, foreignCheckpoint } from './errors.ts';
import { PickledStorage, PickledTensor, PickleGlobal, type PickleValue } from './pickle-values.ts';

/** Element types by the name of their storage class; null where weights have no such type. */
const storageTypes: Readonly<Record<string, TensorDType | null>> = {
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  DoubleStorage: null,
  ShortStorage: null,
  BoolStorage: null,
};

const callables = ['collections.OrderedDict', 'torch._utils._rebuild_tensor_v2', 'torch._utils._rebuild_parameter'];

/**
 * Finds a name that a pickle imports. Nothing is ever imported: a few names stand for what they make, and all others are refused.
 *
 * @throws WebDiTError `format`, naming it.
 */
export function findGlobal(module: string, name: string, path: string): PickleGlobal {
  const found = new PickleGlobal(module, name);
  const known = callables.includes(`${found}`) || (module === 'torch' && Object.hasOwn(storageTypes, name));
  if (known) return found;
  throw foreignCheckpoint(`${path} asks for ${found}; of a checkpoint WebDiT reads tensors and nothing else.`);
}

/** Calls one of the allowed names. @throws WebDiTError `format`. */
export function callGlobal(callable: PickleValue, args: PickleValue, path: string): PickleValue {
  if (!(callable instanceof PickleGlobal) || !Array.isArray(args))
    throw badCheckpoint(`${path} calls what is no name.`);
  switch (`${callable}`) {
    case 'collections.OrderedDict':
      if (args.length === 0) return new Map();
      break;
    case 'torch._utils._rebuild_tensor_v2':
      return rebuildTensor(args, path);
    case 'torch._utils._rebuild_parameter':
      if (args[0] instanceof PickledTensor) return args[0];
      break;
  }
  throw badCheckpoint(`${path} calls ${callable} with arguments it does not take.`);
}

/** `('storage', torch.FloatStorage, '0', 'cpu', 3072)` @throws WebDiTError `format`. */
export function loadStorage(id: PickleValue, path: string): PickledStorage {
  if (Array.isArray(id)) {
    const [kind, type, key, , elements] = id as PickleValue[];
    const isStorage = type instanceof PickleGlobal && Object.hasOwn(storageTypes, type.name);
    if (kind === 'storage' && isStorage && typeof key === 'string' && isSize(elements)) {
      const dtype = storageTypes[type.name] ?? null;
      return new PickledStorage({ type: `${type}`, dtype, key, elements });
    }
  }
  throw badCheckpoint(`${path} names a storage in a way that PyTorch does not.`);
}

function rebuildTensor(args: readonly PickleValue[], path: string): PickledTensor {
  const [source, offset, shape, strides] = args;
  if (!(source instanceof PickledStorage) || !isSize(offset) || !isSizes(shape) || !isSizes(strides)) {
    throw badCheckpoint(`${path} makes a tensor in a way that PyTorch does not.`);
  }
  const { storage } = source;
  const last = shape.reduce((sum, size, i) => sum + (size - 1) * (strides[i] ?? 0), offset);
  const elements = elementCount(shape);
  const fits = Number.isSafeInteger(elements) && (elements === 0 || last < storage.elements);
  if (fits && shape.length === strides.length) return new PickledTensor(storage, offset, shape, strides);
  throw badCheckpoint(`A tensor of ${path}, [${shape}] with strides [${strides}], reaches beyond its storage.`);
}

function isSizes(value: PickleValue | undefined): value is readonly number[] {
  return Array.isArray(value) && value.every(isSize);
}
