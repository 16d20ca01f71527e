export { pathSource } from './sources/path.ts';
