/** What is imported on demand is not part of what a page downloads at once. */
const onDemand = {
  name: 'on-demand',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : null,
    );
  },
};

const modifyEsbuildConfig = (config) => ({ ...config, format: 'esm', plugins: [onDemand] });

/** What users download, compressed with gzip, at most. Built by `npm run build`. */
export default [
  {
    name: 'client, without the engine',
    path: 'packages/webdit/dist/modules/index.js',
    import: '{ DiffusionPipeline, WebDiTError }',
    limit: '12 kB',
    gzip: true,
    modifyEsbuildConfig,
  },
  {
    name: 'engine, as the worker has it',
    path: 'packages/webdit/dist/standalone/worker.js',
    limit: '120 kB',
    gzip: true,
    modifyEsbuildConfig,
  },
  {
    name: 'element, without client and engine',
    path: 'packages/element/dist/modules/index.js',
    limit: '20 kB',
    gzip: true,
    modifyEsbuildConfig,
  },
];
