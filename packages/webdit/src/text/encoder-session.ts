import { WebDiTError } from '@webdit/core';
import { type FolderText, tensorToFloat32 } from '@webdit/weights';
import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { createSession, loadOnnxRuntime, type OnnxRuntime, wasmError } from '../onnx-runtime.ts';
import type { WasmPaths } from '../types.ts';
import type { Tokens } from './tokenizer.ts';

/** A text encoder's files, whole. */
export interface EncoderFiles {
  readonly model: Uint8Array;
  /** Null where the model holds its weights. */
  readonly externalData: Uint8Array | null;
}

const inputs = ['input_ids', 'attention_mask'] as const;
const output = 'last_hidden_state';

/** A text encoder in onnxruntime-web's wasm. */
export class EncoderSession {
  private constructor(
    private readonly runtime: OnnxRuntime,
    private readonly session: InferenceSession,
    private readonly path: string,
  ) {}

  /** @throws WebDiTError `network` without the runtime, `format`, `out-of-memory`; the signal's reason. */
  static async create(
    { model, externalData }: EncoderFiles,
    text: FolderText,
    { wasmPaths, signal }: { readonly wasmPaths: WasmPaths | null; readonly signal: AbortSignal },
  ): Promise<EncoderSession> {
    const { path } = text.encoder;
    const runtime = await loadOnnxRuntime('wasm', wasmPaths);
    signal.throwIfAborted();
    const name = text.externalData?.path.split('/').at(-1);
    const beside = name && externalData ? { externalData: [{ path: name, data: externalData }] } : {};
    const session = await createSession(runtime, model, { executionProviders: ['wasm'], ...beside }, signal).catch(
      (error) => {
        signal.throwIfAborted();
        throw encoderError(path, 'load', error);
      },
    );
    const wrong = inputs.some((input) => !session.inputNames.includes(input)) || !session.outputNames.includes(output);
    if (wrong || session.inputNames.length !== inputs.length) {
      await session.release();
      throw new WebDiTError(
        'format',
        `${path} turns ${session.inputNames.join(', ')} into ${session.outputNames.join(', ')}, where a text encoder turns ${inputs.join(', ')} into ${output}.`,
        'Export it by optimum-cli export onnx --task feature-extraction, or give { promptEmbeds }.',
      );
    }
    return new EncoderSession(runtime, session, path);
  }

  /**
   * @returns `[tokens, width]`, what padding makes included.
   * @throws WebDiTError `format`, `out-of-memory`, `shape-mismatch`.
   */
  async run({ ids, mask }: Tokens, width: number): Promise<Float32Array> {
    const { Tensor } = this.runtime;
    const row = (values: readonly number[]) => new Tensor('int64', BigInt64Array.from(values, BigInt), [1, ids.length]);
    const feeds = { input_ids: row(ids), attention_mask: row(mask) };
    const results = await this.session.run(feeds, [output]).catch((error) => {
      throw encoderError(this.path, 'run', error);
    });
    const { dims, data, type } = results[output] as Tensor;
    if (dims.join() !== [1, ids.length, width].join()) {
      throw new WebDiTError(
        'shape-mismatch',
        `${this.path} made [${dims.join(', ')}] of a prompt, where this model takes [1, ${ids.length}, ${width}].`,
        'Use the text encoder of this model, or give { promptEmbeds }.',
      );
    }
    if (type === 'float32') return data as Float32Array;
    if (type === 'float16') return widened(data as Uint16Array);
    throw new WebDiTError(
      'format',
      `${this.path} makes embeddings of type ${type}, where they are float32 or float16.`,
      'Export the text encoder again, or give { promptEmbeds }.',
    );
  }

  /** Frees its memory for what onnxruntime does next. */
  async release(): Promise<void> {
    await this.session.release();
  }
}

/** Newer runtimes hand out a Float16Array, others the halves' bits. */
function widened({ buffer, byteOffset, byteLength, length }: Uint16Array): Float32Array {
  const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength).slice();
  return tensorToFloat32({ dtype: 'F16', shape: [length], data: bytes });
}

function encoderError(path: string, what: 'load' | 'run', cause: unknown): WebDiTError {
  return wasmError(`${what} the text encoder ${path}`, cause, {
    memory: 'Use a smaller text encoder, or give { promptEmbeds }, which webdit embed makes on another machine.',
    other:
      'Check that its .wasm file is served (option wasmPaths) and that the file is complete, or give { promptEmbeds }.',
  });
}
