import { type CompareProgress, comparePolicies } from '../compare.ts';
import type { CompareState } from '../comparison.ts';
import type { LabPipe } from '../pipe.ts';
import { type StudyStage, stageOf, studyStages } from './stages.ts';
import type { Study } from './study.ts';

/** How a study goes on, and who is told. */
export interface RunStudyOptions {
  /** Where an earlier run of this study stopped, or what its stages measured elsewhere. */
  readonly state?: CompareState | undefined;
  /** Called, and awaited, after each measurement. */
  readonly onProgress?:
    | ((progress: CompareProgress & { readonly stage: StudyStage }) => void | Promise<void>)
    | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the stages of a study one after another and returns all that was measured; `studyStandings` says what it means.
 *
 * @throws WebDiTError as `stageOf` and `comparePolicies`.
 */
export async function runStudy(pipe: LabPipe, study: Study, options: RunStudyOptions = {}): Promise<CompareState> {
  const { onProgress, signal } = options;
  const { steps, guidanceScale } = study;
  let { state } = options;
  for (const stage of studyStages) {
    const { rows, pairs } = stageOf(study, stage, state);
    const progress = onProgress && ((at: CompareProgress) => onProgress({ ...at, stage }));
    const compared = await comparePolicies(pipe, {
      ...{ rows, pairs, steps, guidanceScale, state, signal },
      onProgress: progress,
    });
    state = compared.state;
  }
  return state as CompareState;
}
