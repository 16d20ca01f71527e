import { html, type TemplateResult } from 'lit';
import type { Failure } from '../state.ts';

/** What went wrong and what to do about it. */
export function errorPanel({ code, message, remedy }: Failure): TemplateResult {
  return html`<div part="error" role="alert"><strong>${message}</strong> ${remedy} <code>${code}</code></div>`;
}
