import type { ProgressEvent, RunReport, StepEvent } from 'webdit';
import type { Failure, StateName } from './state.ts';

/** A finished picture. */
export interface Picture {
  /** The class; null of a text model. */
  readonly label: string | number | null;
  /** The words; null of a model with classes. */
  readonly prompt: string | null;
  /** What guidance led away from, where that was given. */
  readonly negativePrompt: string | null;
  /** The one it was painted from, also when the element had none. */
  readonly seed: number | bigint;
  /** PNG. */
  readonly blob: Blob;
  readonly image: ImageData;
  readonly report: RunReport;
}

/** The element went from one state to another. */
export interface StateChange {
  readonly from: StateName;
  readonly to: StateName;
}

/** Events of `<web-dit>` with their details. All bubble and cross shadow roots; none can be cancelled. */
export interface WebDitEventDetails {
  /** Load progress, with transformers.js' event names. */
  'webdit-progress': ProgressEvent;
  /** A denoising step is done. */
  'webdit-step': StepEvent;
  /** A picture is painted, and is the value of the form control. */
  'webdit-image': Picture;
  /** A load or a run failed. An abort is no failure. */
  'webdit-error': Failure;
  'webdit-state': StateChange;
}

/** Events of `<web-dit>`, for listeners. */
export type WebDitEventMap = { [Name in keyof WebDitEventDetails]: CustomEvent<WebDitEventDetails[Name]> };

/** An event as listeners outside of any number of shadow roots get it. */
export function webditEvent<Name extends keyof WebDitEventDetails>(
  name: Name,
  detail: WebDitEventDetails[Name],
): CustomEvent<WebDitEventDetails[Name]> {
  return new CustomEvent(name, { detail, bubbles: true, composed: true });
}
