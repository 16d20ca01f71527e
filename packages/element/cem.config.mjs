/** For `cem analyze`: what `<web-dit>` offers, for editors and catalogues, into custom-elements.json. */
export default {
  globs: ['src/element.ts'],
  outdir: '.',
  litelement: true,
  packagejson: false,
  plugins: [
    { name: 'public-only', packageLinkPhase: ({ customElementsManifest }) => keepPublic(customElementsManifest) },
  ],
};

/**
 * Names the files as they are installed; takes out what no page can use, and what the analyzer reads twice: properties in the
 * static list of Lit.
 */
function keepPublic({ modules }) {
  for (const module of modules) {
    module.path = shipped(module.path);
    for (const { declaration } of module.exports ?? []) declaration.module = shipped(declaration.module);
    for (const declaration of module.declarations ?? []) {
      declaration.members = declaration.members?.filter(
        ({ privacy, name, static: isStatic }) => privacy !== 'private' && !isStatic && !internal.has(name),
      );
      declaration.attributes = declaration.attributes?.filter(({ name }) => !internal.has(name));
    }
  }
}

/** Where the package that is installed has a source file. */
function shipped(path) {
  return path.replace(/^src\/(.*)\.ts$/, 'dist/modules/$1.js');
}

const internal = new Set([
  'connectedCallback',
  'disconnectedCallback',
  'formDisabledCallback',
  'formResetCallback',
  'render',
  'updated',
  'current',
  'barred',
]);
