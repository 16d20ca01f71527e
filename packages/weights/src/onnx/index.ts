export { GraphBuilder } from './graph-builder.ts';
export { encodeModel, type OnnxModel } from './model.ts';
