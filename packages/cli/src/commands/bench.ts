import { benchTables, runBench, tableText } from '@webdit/gpu/bench';
import { readCommandLine } from '../arguments.ts';
import type { Command } from '../command.ts';
import { openDevice } from '../device.ts';
import { checkWritable, writeJson } from '../files.ts';
import { machine } from '../machine.ts';
import { dtypeOption } from '../pipeline.ts';

/** Measures an adapter: its ceilings, every kernel's share of them, and what a step costs to encode. */
export const bench: Command = async (args, output) => {
  const line = readCommandLine(args, ['adapter', 'dtype', 'json'], 0, ['quick']);
  const weights = dtypeOption(line) === 'f16' ? 'packed-f16' : 'f32';
  const { json } = line.values;
  if (json !== undefined) await checkWritable(json);
  const { holder, adapter } = await openDevice(line.values.adapter);
  output.line(`adapter ${adapter}`);
  try {
    const report = await runBench(holder, {
      weights,
      quick: line.flags.has('quick'),
      onProgress: (what, done, total) => output.progress(`${what}: ${done} of ${total}`),
    });
    for (const table of benchTables(report)) {
      for (const text of ['', ...tableText(table).split('\n')]) output.line(text);
    }
    if (json !== undefined) {
      const command = `webdit bench ${args.join(' ')}`;
      await writeJson(json, { format: 'webdit-bench/1', command, ...machine(), adapter, ...report });
      output.line(`wrote ${json}`);
    }
    return 0;
  } finally {
    holder.destroy();
  }
};
