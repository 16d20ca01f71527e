import type { WebDitElement } from '@webdit/element';
import type { DiffusionPipeline } from 'webdit';

/** What the pages' blocks may use without saying where it is from, since the text around them does. */
declare global {
  /** A loaded pipeline. */
  const pipe: DiffusionPipeline;
  /** A `<web-dit>` of the page. */
  const painter: WebDitElement;
}
