import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { root } from './paths.mjs';
import { entriesOf, installedWith } from './published.mjs';

/**
 * Bundles the declarations of a package's entries, the private packages' included, so that types need dependencies only.
 * @param {string} name folder under packages
 * @param {string} outDir
 * @throws when a type would need something else.
 */
export async function buildTypes(name, outDir) {
  const isInstalled = installedWith(name);
  const compilerOptions = {
    // By their sources, the private packages are no installed ones, whose types would be left out.
    baseUrl: root,
    paths: sourcesOfPackages(),
    // What dependencies depend on lies beside the files, not beside the links to them; a type not found would become `any`.
    preserveSymlinks: false,
  };
  const bundle = await rollup({
    input: entriesOf(name),
    external: isInstalled,
    plugins: [dts({ tsconfig: join(root, 'tsconfig.json'), compilerOptions })],
    // Types that users never name need no names.
    onwarn: () => {},
  });
  const { output } = await bundle.write({
    dir: outDir,
    entryFileNames: '[name].d.ts',
    chunkFileNames: 'shared.d.ts',
  });
  await bundle.close();
  const own = new Set(output.map(({ fileName }) => fileName));
  for (const { fileName, imports } of output) {
    const missing = imports.find((id) => !own.has(id) && !isInstalled(id));
    if (missing) throw new Error(`${fileName} needs ${missing}, which is no dependency of packages/${name}.`);
  }
}

/** What every export of a private package of the workspace is made of, as TypeScript's `paths`. */
function sourcesOfPackages() {
  const folders = ['shaders', ...['core', 'weights', 'gpu'].map((name) => `packages/${name}`)];
  const exported = folders.flatMap((folder) => {
    const { name, exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    return Object.entries(exports).map(([subpath, file]) => [join(name, subpath), [join(root, folder, file)]]);
  });
  return Object.fromEntries(exported);
}
