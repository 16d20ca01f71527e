import { type DiTConfig, positionEmbedding, type TensorSink, tokenCount } from '@webdit/core';
import { pieceBytes } from './byte-reader.ts';
import { PieceWriter } from './safetensors/stream.ts';

/** Writes the fixed sin-cos position table, `pos_embed` `[1, tokens, width]`, for files that leave it out. */
export async function feedPositionTable(config: DiTConfig, sink: TensorSink): Promise<void> {
  const { hiddenSize, inputSize, patchSize } = config;
  const shape = [1, tokenCount(config), hiddenSize];
  const bytes = new Uint8Array(positionEmbedding(inputSize / patchSize, hiddenSize).buffer);
  const writer = sink.begin({
    name: 'pos_embed',
    shape,
    elementOffset: 0,
    elementCount: bytes.length / 4,
    sourceDType: 'F32',
  });
  const pieces = new PieceWriter();
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
    await pieces.write(bytes.slice(offset, offset + pieceBytes), 'F32', writer, offset / 4);
  }
  await writer.end();
}
