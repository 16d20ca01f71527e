import { ensureCliBuilt } from './buildCli.mjs';
import { ensureBuilt } from './ensureBuilt.mjs';
import { walk } from './fingerprint.mjs';
import { buildModules } from './modules.mjs';
import { published, publishedNames } from './published.mjs';
import { buildStandalone } from './standalone.mjs';
import { buildTypes } from './types.mjs';

/** What the packages for browsers are built into, each a folder of dist. */
const parts = {
  modules: { file: 'index.js', build: buildModules },
  types: { file: 'index.d.ts', build: buildTypes },
  standalone: { file: 'worker.js', build: buildStandalone },
};

/** Builds the published packages into their dist folders; or what is named, a package or a part of one: `element/standalone`. */
export async function run(args) {
  const targets = (args.length > 0 ? args : published).map(targetOf);
  for (const { name, only } of targets) await ensurePackagesBuilt([name], only);
}

function targetOf(arg) {
  const [name, part] = arg.split('/');
  publishedNames([name]);
  if (part === undefined) return { name };
  if (name === 'cli' || !Object.hasOwn(parts, part)) {
    throw new Error(`"${arg}" is no part of a package. Use ${Object.keys(parts).join(', ')} of webdit or element.`);
  }
  return { name, only: [part] };
}

/**
 * Builds what is out of date. Logs go to stderr.
 * @param {readonly string[]} names folders under packages
 * @param {readonly string[]} only the parts that are needed; the command line has none
 */
export async function ensurePackagesBuilt(names, only = Object.keys(parts)) {
  for (const name of names) {
    if (name === 'cli') await ensureCliBuilt();
    else for (const part of only) await ensurePartBuilt(name, part);
  }
}

async function ensurePartBuilt(name, part) {
  const dist = `packages/${name}/dist/${part}`;
  const { file, build } = parts[part];
  await ensureBuilt({
    dist,
    file,
    sources: sources(),
    build: async (folder) => {
      const { NODE_ENV } = process.env;
      try {
        // Vite takes the conditions of packages from it: elsewhere than in production Lit comes with warnings for developers.
        process.env.NODE_ENV = 'production';
        await build(name, folder);
      } catch (error) {
        process.stderr.write(`${error.message}\n`);
        throw new Error(`Building ${dist} failed. The messages above say where.`);
      } finally {
        if (NODE_ENV === undefined) delete process.env.NODE_ENV;
        else process.env.NODE_ENV = NODE_ENV;
      }
    },
  });
}

function* sources() {
  for (const path of [...walk('packages'), ...walk('shaders'), ...walk('scripts')]) {
    if (!/\.test\.ts$/.test(path)) yield path;
  }
  yield* ['tsconfig.json', 'pnpm-lock.yaml'];
}
