import { ensurePackagesBuilt } from './build.mjs';
import { publishedNames } from './published.mjs';

/** What the package manager runs before it packs: builds the package. @throws under npm, which would pack an unusable manifest. */
export async function run(names) {
  if (!process.env.npm_config_user_agent?.startsWith('pnpm/')) {
    throw new Error(`Use "npm run pack -- ${names}" and publish the file it names: npm would export the sources.`);
  }
  await ensurePackagesBuilt(publishedNames(names));
}
