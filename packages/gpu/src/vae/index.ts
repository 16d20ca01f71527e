export {
  AutoencoderKLDecoder,
  type AutoencoderKLDecoderOptions,
  countDecoder,
  type DecoderMemory,
} from './decoder.ts';
export type { VaeDType } from './weights.ts';
