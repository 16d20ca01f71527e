export { type AdapterName, adapterNames, openNodeGpu } from './adapter.ts';
export { run } from './run.ts';
