import { WebDiTError } from '@webdit/core';

/** For a checkpoint that is not what `torch.save` writes. */
export function badCheckpoint(message: string, cause?: unknown): WebDiTError {
  return new WebDiTError(
    'format',
    message,
    'Copy the file again; it has to be a whole checkpoint of PyTorch 1.6 or later.',
    { cause },
  );
}

/** For a checkpoint that asks for more than tensors. */
export function foreignCheckpoint(message: string): WebDiTError {
  return new WebDiTError(
    'format',
    message,
    'Where you trust the file, save its state dict alone with PyTorch, and convert that.',
  );
}
