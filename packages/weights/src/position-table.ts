import { type DiTConfig, positionEmbedding, type TensorSink, tokenCount, tokenGrid } from '@webdit/core';
import { pieceBytes } from './byte-reader.ts';
import { PieceWriter } from './safetensors/piece-writer.ts';

/** Writes the fixed sin-cos position table, `pos_embed` `[1, tokens, width]`, for files that leave it out. */
export async function feedPositionTable(config: DiTConfig, sink: TensorSink): Promise<void> {
  const { hiddenSize } = config;
  const tensor = { name: 'pos_embed', dtype: 'F32', shape: [1, tokenCount(config), hiddenSize] } as const;
  const bytes = new Uint8Array(positionEmbedding(tokenGrid(config), hiddenSize).buffer);
  const writer = sink.begin({
    name: tensor.name,
    shape: tensor.shape,
    elementOffset: 0,
    elementCount: bytes.length / 4,
    sourceDType: tensor.dtype,
  });
  const pieces = new PieceWriter('the position table');
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
    await pieces.write(bytes.slice(offset, offset + pieceBytes), offset / 4, { tensor, writer });
  }
  await writer.end();
}
