import type { ErrorCode, PipelineInfo, ProgressEvent, RunReport, StepEvent, StepKind } from 'webdit';

/** Where an element is; `ElementState` says what each name means. */
export type StateName = 'idle' | 'loading' | 'ready' | 'generating' | 'done' | 'error';

/** How far a load is, all its files and kernels together. */
export type LoadTotals = Extract<ProgressEvent, { status: 'progress_total' }>;

/** What went wrong. WebDiT's errors bring a code and a remedy; all others are an `error`, and the remedy is to try again. */
export interface Failure {
  readonly code: ErrorCode | 'error';
  /** One sentence: what is wrong. */
  readonly message: string;
  /** One sentence: what to do about it. */
  readonly remedy: string;
  /** What was thrown. */
  readonly error: unknown;
}

/** What the picture on show was painted from. */
export interface Painted {
  readonly label: string | number | null;
  readonly prompt: string | null;
  readonly seed: number | bigint;
  readonly report: RunReport;
}

/** What holds in every state. */
interface Known {
  /** The loaded model; null before, and once it has been freed. */
  readonly info: PipelineInfo | null;
  /** The picture on show, or null. It stays there while the next one is painted. */
  readonly painted: Painted | null;
}

/**
 * idle: nothing loaded, nothing painted. loading: the model is on its way. ready: loaded, nothing painted. generating: a run
 * waits for its turn or is under way. done: a picture is there, and nothing is under way. error: the last load or run failed.
 */
export type ElementState = Known &
  (
    | { readonly name: 'idle' | 'ready' | 'done' }
    /** `totals` is null until the sizes are known. */
    | { readonly name: 'loading'; readonly totals: LoadTotals | null }
    | {
        readonly name: 'generating';
        /** Another element's picture, or the page's return to view, comes first. */
        readonly waiting: boolean;
        /** How many steps the run has; null before its first one is done. */
        readonly steps: number | null;
        /** Kinds of the steps that are done, in order. */
        readonly kinds: readonly StepKind[];
        /** How far the files are that its first step waits for, as a text encoder's; null where none are asked for. */
        readonly totals: LoadTotals | null;
      }
    | { readonly name: 'error'; readonly failure: Failure }
  );

export type Action =
  /** A load begins. */
  | { readonly type: 'load' }
  | { readonly type: 'progress'; readonly totals: LoadTotals }
  | { readonly type: 'loaded'; readonly info: PipelineInfo }
  /** The model has been freed. */
  | { readonly type: 'unloaded' }
  /** A run waits for its turn, for the first time or again. */
  | { readonly type: 'queue' }
  | { readonly type: 'start' }
  | { readonly type: 'step'; readonly step: StepEvent }
  | { readonly type: 'paint'; readonly painted: Painted }
  /** What was under way has been aborted. */
  | { readonly type: 'stop' }
  | { readonly type: 'fail'; readonly failure: Failure }
  /** The picture is taken away. */
  | { readonly type: 'clear' };

export const initialState: ElementState = { name: 'idle', info: null, painted: null };

/** The state after an action. Actions that mean nothing in a state leave it as it is: the same object comes back. */
export function next(state: ElementState, action: Action): ElementState {
  const { info, painted } = state;
  switch (action.type) {
    case 'load':
      return state.name === 'loading' || state.name === 'generating'
        ? state
        : { name: 'loading', totals: null, info, painted };
    case 'progress':
      return state.name === 'loading' || (state.name === 'generating' && state.steps === null)
        ? { ...state, totals: action.totals }
        : state;
    case 'loaded':
      return state.name === 'loading' || state.name === 'idle'
        ? rest(action.info, painted)
        : { ...state, info: action.info };
    case 'unloaded':
      if (info === null) return state;
      return state.name === 'ready' ? rest(null, painted) : { ...state, info: null };
    case 'queue':
      return generating(state, true);
    case 'start':
      return state.name === 'generating' ? generating(state, false) : state;
    case 'step':
      return state.name === 'generating'
        ? {
            ...state,
            waiting: false,
            steps: action.step.steps,
            kinds: [...state.kinds, action.step.kind],
            totals: null,
          }
        : state;
    case 'paint':
      return state.name === 'generating' ? rest(info, action.painted) : state;
    case 'stop':
      return state.name === 'loading' || state.name === 'generating' ? rest(info, painted) : state;
    case 'fail':
      return { name: 'error', failure: action.failure, info, painted };
    case 'clear':
      if (state.name === 'loading' || state.name === 'generating') return { ...state, painted: null };
      return rest(info, null);
  }
}

/** Whether something is under way that can be stopped. */
export function isBusy({ name }: ElementState): boolean {
  return name === 'loading' || name === 'generating';
}

/** Whether this browser cannot paint at all and has not done so before, which is when the page's fallback is shown. */
export function isImpossible(state: ElementState): boolean {
  if (state.name !== 'error' || state.painted) return false;
  return state.failure.code === 'webgpu-unavailable' || state.failure.code === 'adapter-unavailable';
}

/** Any thrown value as a failure. */
export function toFailure(error: unknown): Failure {
  const { code, message, remedy } = (error ?? {}) as Partial<Failure>;
  const isOurs = code !== undefined && message !== undefined && remedy !== undefined;
  if (isOurs) return { code, message, remedy, error };
  return { code: 'error', message: message ?? String(error), remedy: 'Reload the page and try again.', error };
}

function rest(info: PipelineInfo | null, painted: Painted | null): ElementState {
  return { name: painted ? 'done' : info ? 'ready' : 'idle', info, painted };
}

function generating({ info, painted }: ElementState, waiting: boolean): ElementState {
  return { name: 'generating', waiting, steps: null, kinds: [], totals: null, info, painted };
}
