import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const module = JSON.stringify(new URL('./ensureBuilt.mjs', import.meta.url).href);
let folder = '';

beforeEach(() => {
  mkdirSync(join(root, '.cache'), { recursive: true });
  folder = mkdtempSync(join(root, '.cache/built-'));
  writeFileSync(join(folder, 'source.txt'), 'one');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  const label = relative(root, join(folder, 'dist')).split(sep).join('-');
  rmSync(join(root, '.cache/build', `${label}.built-from`), { force: true });
});

/** Builds `dist` from source.txt: a file that is named by its text, or an error. @returns what was said. */
function build(name: string, fails = false): string {
  const home = relative(root, folder).split(sep).join('/');
  const script = `import { writeFileSync } from 'node:fs';
    import { ensureBuilt } from ${module};
    await ensureBuilt({
      dist: '${home}/dist',
      file: 'main.js',
      sources: ['${home}/source.txt'],
      build: async (fresh) => {
        console.log('built');
        writeFileSync(fresh + '/main.js', '${name}');
        writeFileSync(fresh + '/${name}.js', '');
        if (${fails}) throw new Error('broken');
      },
    }).catch((error) => console.log(error.message));`;
  const args = ['--input-type=module', '--eval', script];
  return execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

it('builds what has changed, and leaves nothing of the build before', () => {
  expect(build('one')).toBe('built');
  expect(build('one')).toBe('');
  writeFileSync(join(folder, 'source.txt'), 'another');
  expect(build('two')).toBe('built');
  expect(readdirSync(join(folder, 'dist')).sort()).toEqual(['main.js', 'two.js']);
  rmSync(join(folder, 'dist/main.js'));
  expect(build('two')).toBe('built');
});

it('keeps what there was when a build fails, and tries again', () => {
  build('one');
  writeFileSync(join(folder, 'source.txt'), 'broken');
  expect(build('two', true)).toBe('built\nbroken');
  expect(readFileSync(join(folder, 'dist/main.js'), 'utf8')).toBe('one');
  expect(existsSync(join(folder, 'dist/two.js'))).toBe(false);
  expect(build('two')).toBe('built');
});
