// What a script tag gets: the element, and what its page may want of the library, which here is part of the same file.
export { DiffusionPipeline, registerPolicy, WebDiTError } from 'webdit';
export * from './index.ts';
