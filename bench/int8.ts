import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { integerOption, readCommandLine, requireOption, withoutFolders } from '../packages/cli/src/arguments.ts';
import { openDevice } from '../packages/cli/src/device.ts';
import { checkWritable, writeJson } from '../packages/cli/src/files.ts';
import { machine } from '../packages/cli/src/machine.ts';
import { convertModel } from '../packages/weights/src/convert/index.ts';
import { compareCopies } from '../testing/int8.ts';

/** What int8 costs: the bundled model converted, and its pictures against those of the f16 file. See README.md. */
const args = process.argv.slice(2);
const line = readCommandLine(args, ['adapter', 'pairs', 'steps', 'json'], 0);
const json = requireOption(line, 'json');
const pictures = integerOption(line, 'pairs', 1, 1000) ?? 16;
const steps = integerOption(line, 'steps', 1, 1000) ?? 50;
await checkWritable(json);

const model = 'models/emoji-dit';
const folder = await mkdtemp(join(tmpdir(), 'webdit-int8-'));
const { holder, adapter } = await openDevice(line.values.adapter);
try {
  const int8 = join(folder, 'int8');
  const { folder: original, bytes } = await convertModel(model, int8, { dtype: 'int8' });
  const onPicture = (done: number, of: number) => void process.stderr.write(`picture ${done} of ${of}\n`);
  const measured = await compareCopies([model, int8], { holder, pictures, steps, onPicture });
  const decibels = measured.map(({ psnrDb }) => psnrDb);
  await writeJson(json, {
    format: 'webdit-int8/1',
    command: `node scripts/run.mjs compare:int8 ${withoutFolders(args).join(' ')}`,
    ...machine(),
    adapter,
    model: 'emoji-dit',
    steps,
    transformerBytes: { f16: original.weightsSize, int8: bytes, ratio: bytes / original.weightsSize },
    psnrDb: {
      // Pictures are of one size: the mean of their squared errors is that of all pixels.
      allPixels: -10 * Math.log10(mean(decibels.map((value) => 10 ** (-value / 10)))),
      least: Math.min(...decibels),
      mean: mean(decibels),
      most: Math.max(...decibels),
    },
    pictures: measured,
  });
} finally {
  holder.destroy();
  await rm(folder, { recursive: true });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
