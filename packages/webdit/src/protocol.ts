import { errorCodes, type RunPlan, WebDiTError, type WebDiTErrorData } from '@webdit/core';
import type { ProxyMarked } from 'comlink';
import type { GenerateRequest } from './arguments.ts';
import type { Diagnoses, DiagnosisName } from './diagnosis/types.ts';
import type { EncodedText, EngineResult, PlanInputs } from './driver.ts';
import type { LoadRequest } from './load-request.ts';
import type { StoreHost } from './remote-store.ts';
import type { PipelineInfo, PreviewEvent, ProgressEvent, StepEvent } from './types.ts';

/**
 * What the page and the worker say to each other. Errors travel as values because comlink's own error transfer keeps only
 * name, message and stack; AbortSignal does not cross, so each call carries a MessagePort on which one message means abort.
 */
export interface EngineHost {
  load(
    request: LoadRequest,
    abort: MessagePort,
    onProgress: ((event: ProgressEvent) => void) & ProxyMarked,
    /** The caller's own store, or null. */
    store: (StoreHost & ProxyMarked) | null,
  ): Promise<Outcome<PipelineInfo>>;
  /** As JSON text: cloning thousands of small objects would hold the page up for longer than parsing them does. */
  classes(): Promise<Outcome<string>>;
  generate(
    request: GenerateRequest,
    abort: MessagePort,
    onStep: ((event: StepEvent) => void) & ProxyMarked,
    /** Compiles the plan on the page, for a policy that is registered there; else null. */
    compile: (((inputs: PlanInputs) => Promise<Outcome<RunPlan>>) & ProxyMarked) | null,
    /** Takes previews, where the request asks for them. */
    onPreview: (((event: PreviewEvent) => void) & ProxyMarked) | null,
  ): Promise<Outcome<EngineResult>>;
  encodeTexts(
    texts: readonly string[],
    abort: MessagePort,
    onProgress: ((event: ProgressEvent) => void) & ProxyMarked,
  ): Promise<Outcome<readonly EncodedText[]>>;
  diagnose<N extends DiagnosisName>(
    name: N,
    request: Diagnoses[N]['request'],
    abort: MessagePort,
    onProgress: ((event: Diagnoses[N]['event']) => void) & ProxyMarked,
  ): Promise<Outcome<Diagnoses[N]['result']>>;
  setPaused(paused: boolean): Promise<Outcome<null>>;
  dispose(): Promise<Outcome<null>>;
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: WireError };

export type WireError =
  | { readonly type: 'webdit'; readonly data: WebDiTErrorData; readonly cause?: string }
  | { readonly type: 'other'; readonly name: string; readonly message: string; readonly stack?: string };

/** Any thrown value as plain data. */
export function toWire(error: unknown): WireError {
  if (error instanceof WebDiTError) {
    const cause = error.cause === undefined ? {} : { cause: String(error.cause) };
    return { type: 'webdit', data: error.toJSON(), ...cause };
  }
  if (error instanceof Error) {
    const stack = error.stack === undefined ? {} : { stack: error.stack };
    return { type: 'other', name: error.name, message: error.message, ...stack };
  }
  return { type: 'other', name: 'Error', message: String(error) };
}

/** The inverse of `toWire`. A cause arrives as its text, and the stack is the one of the thread that threw. */
export function fromWire(wire: WireError): Error {
  if (wire.type === 'webdit') {
    if (!errorCodes.includes(wire.data.code)) throw new TypeError(`Unknown error code ${wire.data.code}`);
    const { code, message, remedy } = wire.data;
    return new WebDiTError(code, message, remedy, wire.cause === undefined ? undefined : { cause: wire.cause });
  }
  const error = new Error(wire.message);
  error.name = wire.name;
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}

/** Runs `work` and catches into an Outcome. */
export async function settle<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: toWire(error) };
  }
}

/** The value of an outcome, or its error thrown. */
export function unwrap<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw fromWire(outcome.error);
}

/** An AbortSignal that fires when anything arrives on `port`. Call `close` when the work is over. */
export function signalOfPort(port: MessagePort): { signal: AbortSignal; close: () => void } {
  const controller = new AbortController();
  port.onmessage = () => controller.abort();
  return { signal: controller.signal, close: () => port.close() };
}
