import { mebibytes, WebDiTError } from '@webdit/core';
import { type FolderText, textFiles } from '@webdit/weights';
import type { TextPlan } from '../planning/types.ts';

/** What one WebAssembly memory can have at most. */
const wasmBytes = 2 ** 32;
/** What one file of ONNX can have: its format counts bytes in 31 bits. */
const onnxBytes = 2 ** 31;

/** Bytes of all files that a prompt needs; null where the source does not say. */
export function textDownload(text: FolderText): number | null {
  return textFiles(text).reduce<number | null>(
    (sum, { bytes }) => (sum === null || bytes === null ? null : sum + bytes),
    0,
  );
}

/** What onnxruntime-web takes for itself, and of its memory for each byte of a model. Measured: T5 encoders of 112 and 272 MiB. */
const runtimeBytes = 24 * 2 ** 20;
/** Weights inside the model are there twice while it loads: as the file and as tensors. */
const perByteInside = 2.1;
const perByteBeside = 1.1;

/** Most bytes of wasm's memory that a text encoder takes. */
export function encoderMemory({ encoder, externalData }: FolderText): number {
  return runtimeBytes + Math.ceil(perByteInside * (encoder.bytes ?? 0) + perByteBeside * (externalData?.bytes ?? 0));
}

/** The device's memory as far as browsers tell: they round it and name no more than some GiB. Null where they do not. */
function deviceMemory(): number | null {
  const { deviceMemory } = (globalThis.navigator ?? {}) as { readonly deviceMemory?: number };
  return deviceMemory === undefined ? null : deviceMemory * 2 ** 30;
}

/** Why a text encoder cannot be used here, and what to do; null when it can. Asked before any of it is fetched. */
export function encoderRefusal(text: FolderText, device = deviceMemory()): WebDiTError | null {
  const { encoder } = text;
  const needed = encoderMemory(text);
  const refuse = (why: string) =>
    new WebDiTError(
      'out-of-memory',
      `The text encoder ${encoder.path} is too large: ${why}.`,
      'Give { promptEmbeds }, made in PyTorch, or export a smaller encoder, such as one in int8.',
    );
  if ((encoder.bytes ?? 0) >= onnxBytes) {
    return refuse(
      `it has ${mebibytes(encoder.bytes ?? 0)}, and one file of ONNX has less than ${mebibytes(onnxBytes)}`,
    );
  }
  if (needed >= wasmBytes) {
    return refuse(`it takes ${mebibytes(needed)}, and WebAssembly has less than ${mebibytes(wasmBytes)}`);
  }
  if (device !== null && needed > device / 2) {
    return refuse(`it takes ${mebibytes(needed)}, more than half of the ${mebibytes(device)} that this device has`);
  }
  return null;
}

/** Whether a text encoder stays for the next prompt: where it takes little of the memory there is. Else it is freed after each call. */
export function staysLoaded(text: FolderText, device = deviceMemory()): boolean {
  return encoderMemory(text) <= (device ?? 2 ** 33) / 8;
}

/** What prompts in words take beside the model. */
export function planText(text: FolderText | null): TextPlan | null {
  if (!text) return null;
  return {
    download: textDownload(text),
    memory: encoderMemory(text),
    stays: staysLoaded(text),
    refusal: encoderRefusal(text)?.toJSON() ?? null,
  };
}
