import {
  type CompareState,
  joinStates,
  onPairs,
  parseCompareState,
  parseStudy,
  runStudy,
  type Study,
  stageOf,
  standingsPlot,
  standingsTable,
  studyStages,
  studyStandings,
  summarize,
} from 'webdit/node';
import { badUsage, type CommandLine, listOption, printCommand } from './arguments.ts';
import type { Output } from './command.ts';
import type { CompareSource } from './compare-source.ts';
import { type AboutComparison, comparisonFile, writeTable } from './comparison-file.ts';
import { checkWritable, readJson, readSaved, writeBytes, writeJson } from './files.ts';
import { machine } from './machine.ts';
import { withPipeline } from './pipeline.ts';

/** What a study says itself, so that no option may. */
const saidByStudy = ['policies', 'fewer-steps', 'steps', 'guidance', 'scheduler', 'pairs', 'seed', 'labels'];

/** `--study FILE`. @throws WebDiTError `bad-argument`, `not-found`, `format`. */
async function readStudy(line: CommandLine): Promise<Study> {
  const { study: path = '' } = line.values;
  const again = saidByStudy.find((name) => line.values[name] !== undefined);
  if (again !== undefined) throw badUsage(`--study already says what --${again} would.`, `Leave out --${again}.`);
  return parseStudy(await readJson(path), path);
}

/** The measurements of the files of `--from a,b`, together. */
async function readEarlier(line: CommandLine): Promise<CompareState | undefined> {
  const states: CompareState[] = [];
  for (const path of listOption(line, 'from') ?? []) states.push(parseCompareState(await readJson(path), path));
  return joinStates(states);
}

/** `--stage`: one stage of a study, as a comparison of its own. */
export async function readStage(line: CommandLine): Promise<CompareSource> {
  const stage = studyStages.find((known) => known === line.values.stage);
  if (!stage) throw badUsage(`--stage is "${line.values.stage}".`, `Pass ${studyStages.join(', ')}, or leave it out.`);
  if (line.values.svg !== undefined) throw badUsage('One stage has no picture.', 'Leave out --svg, or --stage.');
  const study = await readStudy(line);
  const { rows, pairs } = stageOf(study, stage, await readEarlier(line));
  const { steps, guidanceScale } = study;
  return { rows, count: pairs.length, pairs: () => pairs, steps, guidanceScale, scheduler: undefined };
}

/** `webdit compare --study`: chooses settings on some pictures, judges them on others, and writes what came of it. */
export async function compareStudy(line: CommandLine, args: readonly string[], output: Output): Promise<void> {
  const { resume, json, markdown, svg, shard } = line.values;
  if (shard !== undefined)
    throw badUsage('A study is shared out stage by stage.', 'Add --stage, or leave out --shard.');
  const study = await readStudy(line);
  for (const file of [json, markdown, svg]) if (file !== undefined) await checkWritable(file);
  const state = (await readSaved(resume, parseCompareState)) ?? (await readEarlier(line));
  await withPipeline(line, output, async (pipeline) => {
    const measured = await runStudy(pipeline, study, {
      state,
      onProgress: async ({ stage, done, total, latest, state }) => {
        output.progress(`${stage}: ${done} of ${total}: ${latest.policy} ${(latest.ms / 1000).toFixed(2)} s`);
        if (resume !== undefined) await writeJson(resume, state);
      },
    });
    const about = { command: printCommand('compare', args), ...machine() };
    await writeStudy(study, measured, about, { json, markdown, svg }, output);
  });
}

async function writeStudy(
  study: Study,
  state: CompareState,
  about: AboutComparison,
  files: Readonly<Record<'json' | 'markdown' | 'svg', string | undefined>>,
  output: Output,
): Promise<void> {
  const { settings } = state;
  const standings = studyStandings(study, state);
  const table = standingsTable(study, settings, standings);
  if (files.json !== undefined) {
    const ids = new Set(standings.flatMap(({ rows }) => rows.map(({ row }) => row)));
    const rows = summarize(onPairs(state, study.report), ['none', ...ids]);
    const { measurements, ...file } = comparisonFile(about, state, rows);
    await writeJson(files.json, { ...file, study, standings, measurements });
  }
  if (files.svg !== undefined) await writeBytes(files.svg, standingsPlot(study, settings, standings));
  await writeTable(table, files.markdown, output);
  for (const path of Object.values(files)) if (path !== undefined) output.line(`wrote ${path}`);
}
