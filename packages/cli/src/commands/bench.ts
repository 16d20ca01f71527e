import {
  attentionSweepGroups,
  type BenchSettings,
  benchTables,
  matmulSweepGroups,
  measureCeilings,
  runBench,
  runSweep,
  sweepSummary,
  sweepTable,
  type Table,
  tableText,
} from '@webdit/gpu/bench';
import { badUsage, type CommandLine, printCommand, readCommandLine } from '../arguments.ts';
import type { Command, Output } from '../command.ts';
import { openDevice } from '../device.ts';
import { checkWritable, writeJson } from '../files.ts';
import { machine } from '../machine.ts';
import { dtypeOption, mathOption } from '../pipeline.ts';

type Holder = Awaited<ReturnType<typeof openDevice>>['holder'];

const sweeps = { matmul: matmulSweepGroups, attention: attentionSweepGroups } as const;

/** Measures an adapter: its ceilings, every kernel's share of them, and what a step costs to encode; or sweeps one op's variants. */
export const bench: Command = async (args, output) => {
  const line = readCommandLine(args, ['adapter', 'dtype', 'math', 'sweep', 'json'], 0, ['quick']);
  const work = readWork(line);
  const { json } = line.values;
  if (json !== undefined) await checkWritable(json);
  const { holder, adapter } = await openDevice(line.values.adapter);
  output.line(`adapter ${adapter}`);
  try {
    const result = await work(holder, output);
    if (json !== undefined) {
      const command = printCommand('bench', args);
      const { format, ...rest } = result;
      await writeJson(json, { format, command, ...machine(), adapter, ...rest });
      output.line(`wrote ${json}`);
    }
    return 0;
  } finally {
    holder.destroy();
  }
};

/** @throws WebDiTError `bad-argument`. */
function readWork(line: CommandLine): (holder: Holder, output: Output) => Promise<{ readonly format: string }> {
  const quick = line.flags.has('quick');
  const { sweep } = line.values;
  if (sweep === undefined) {
    const settings = { dtype: dtypeOption(line), math: mathOption(line), quick };
    return (holder, output) => benchAll(holder, output, settings);
  }
  if (!Object.hasOwn(sweeps, sweep)) {
    throw badUsage(`There is no sweep of "${sweep}".`, `Use one of: ${Object.keys(sweeps).join(', ')}.`);
  }
  const unused = ['dtype', 'math'].find((name) => line.values[name] !== undefined);
  if (unused !== undefined) {
    throw badUsage(`--${unused} does nothing with --sweep.`, 'Leave it out: a sweep measures every format there is.');
  }
  return (holder, output) => sweepOne(holder, output, sweep as keyof typeof sweeps, quick);
}

async function benchAll(holder: Holder, output: Output, settings: BenchSettings) {
  const report = await runBench(holder, {
    ...settings,
    onProgress: (what, done, total) => output.progress(`${what}: ${done} of ${total}`),
  });
  for (const table of benchTables(report)) print(output, table);
  return { format: 'webdit-bench/1', ...report };
}

async function sweepOne(holder: Holder, output: Output, op: keyof typeof sweeps, quick: boolean) {
  const options = (what: string) => ({
    rounds: quick ? 3 : 25,
    minMs: quick ? 5 : 20,
    onProgress: (done: number, total: number) => output.progress(`${what}: ${done} of ${total}`),
  });
  const ceilings = await measureCeilings(holder, { ...options('ceilings'), quick });
  const results = await runSweep(holder, sweeps[op](holder, quick), ceilings, {
    ...options(op),
    onGroup: (result) => print(output, sweepTable(result)),
  });
  print(output, sweepSummary(results));
  return { format: 'webdit-sweep/1', ceilings, sweeps: results };
}

function print(output: Output, table: Table): void {
  for (const text of ['', ...tableText(table).split('\n')]) output.line(text);
}
