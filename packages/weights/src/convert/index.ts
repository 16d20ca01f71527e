export { type Converted, type ConvertOptions, convertModel } from './convert.ts';
export type { StoredDType } from './sink.ts';
