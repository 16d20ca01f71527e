// Renders the emoji sets to PNG files on white:
//   node training/pictures/render.mjs --out FOLDER [--label NAME]... [--size 128]
// FOLDER gets <set>/<hexcode>.png, classes.json (as in the model folder), and last pictures.json, which lists them.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { classTable } from './classes.mjs';
import { IconSet, setNames } from './icon-sets.mjs';
import { requirePackages } from './packages.mjs';

try {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      label: { type: 'string', multiple: true },
      size: { type: 'string', default: '128' },
    },
  });
  if (!values.out) throw new Error('Nothing says where the pictures go. Add --out FOLDER.');
  const size = Number(values.size);
  if (!Number.isInteger(size) || size < 1) throw new Error(`--size is "${values.size}". Pass a number of pixels.`);
  await render(resolve(values.out), values.label, size);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

/** @param {string} out @param {string[] | undefined} labels @param {number} size height and width in pixels. */
async function render(out, labels, size) {
  const require = requirePackages();
  const sharp = require('sharp');
  const classes = classTable(require, labels);
  const index = join(out, 'pictures.json');
  rmSync(index, { force: true });
  mkdirSync(out, { recursive: true });

  const sets = [];
  const pictures = [];
  for (const prefix of setNames) {
    const set = new IconSet(require, prefix);
    sets.push(set.facts);
    mkdirSync(join(out, prefix), { recursive: true });
    for (const emoji of classes) {
      const svg = set.svg(emoji, size);
      if (!svg) continue;
      const file = `${prefix}/${emoji.hexcode}.png`;
      await sharp(Buffer.from(svg)).flatten({ background: '#fff' }).png().toFile(join(out, file));
      pictures.push({ file, id: emoji.id });
    }
    process.stderr.write(`${prefix}: ${pictures.length} pictures so far\n`);
  }
  writeFileSync(join(out, 'classes.json'), JSON.stringify(classes, null, 1));
  writeFileSync(index, `${JSON.stringify({ format: 'webdit-emoji/1', size, sets, pictures }, null, 1)}\n`);
}
