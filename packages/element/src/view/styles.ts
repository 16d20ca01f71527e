import { css } from 'lit';

/**
 * Quiet on any page: text and lines are of the page's own colour, only progress has one of its own. Sizes come from the host.
 */
export const styles = css`
  :host {
    --accent: var(--webdit-accent, light-dark(#b4380f, #ff9166));
    --error: var(--webdit-error, light-dark(#a3172a, #ff9aa4));
    --surface: var(--webdit-surface, color-mix(in srgb, currentColor 6%, transparent));
    --line: var(--webdit-line, color-mix(in srgb, currentColor 22%, transparent));
    --radius: var(--webdit-radius, 0.75em);
    --gap: var(--webdit-gap, 0.5em);
    box-sizing: border-box;
    display: inline-block;
    inline-size: 16em;
    max-inline-size: 100%;
    vertical-align: top;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  *::before,
  *::after {
    box-sizing: inherit;
  }
  .base {
    display: grid;
    grid-template-rows: minmax(0, 1fr) auto;
    gap: var(--gap);
    block-size: 100%;
  }
  .frame {
    position: relative;
    justify-self: center;
    inline-size: 100%;
    max-block-size: 100%;
    aspect-ratio: 1;
    border-radius: var(--radius);
    background: var(--surface);
    overflow: hidden;
    container-type: size;
  }
  canvas,
  .placeholder {
    position: absolute;
    inset: 0;
    inline-size: 100%;
    block-size: 100%;
  }
  canvas {
    object-fit: contain;
  }
  .busy canvas:not(.preview) {
    opacity: 0.55;
  }
  .placeholder {
    display: grid;
    place-content: center;
    padding: 10%;
    font-size: clamp(0.9rem, 14cqmin, 3rem);
    line-height: 1.15;
    text-align: center;
    overflow: hidden;
    overflow-wrap: anywhere;
    filter: grayscale(1);
    opacity: 0.4;
  }
  /* Once there is a preview. */
  .preview:not([width='0']) ~ slot[name='placeholder'] {
    display: none;
  }
  .overlay {
    position: absolute;
    inset-inline: var(--gap);
    inset-block-end: var(--gap);
  }
  [part='progress'] {
    display: flex;
    block-size: 6px;
    border-radius: 3px;
    background: light-dark(rgb(255 255 255 / 80%), rgb(0 0 0 / 60%));
    box-shadow: 0 0 0 1px light-dark(rgb(0 0 0 / 20%), rgb(255 255 255 / 25%));
    overflow: hidden;
  }
  .bar {
    inline-size: calc(100% * var(--webdit-progress));
    background: var(--accent);
    transition: inline-size 0.15s;
  }
  [part~='step'] {
    flex: 1;
    background: var(--accent);
  }
  .selective {
    opacity: 0.75;
  }
  .reuse,
  .forecast,
  .skip {
    opacity: 0.5;
  }
  .open {
    opacity: 0;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0.25em var(--gap);
    min-block-size: 2.4em;
  }
  p {
    margin: 0;
  }
  [part='status'] {
    flex: 1 1 8em;
    font-size: 0.875em;
    font-variant-numeric: tabular-nums;
  }
  button {
    margin-inline-start: auto;
    padding: 0.4em 1em;
    border: 1px solid var(--line);
    border-radius: calc(var(--radius) * 0.75);
    background: transparent;
    color: inherit;
    font: inherit;
    font-size: 0.95em;
    cursor: pointer;
    transition: background 0.15s;
  }
  button:hover {
    background: var(--surface);
  }
  button:active {
    background: var(--line);
  }
  button:disabled {
    opacity: 0.5;
    cursor: default;
  }
  :focus-visible {
    outline: 3px solid var(--accent);
    outline-offset: 2px;
  }
  [part='error'] {
    padding-inline-start: 0.75em;
    border-inline-start: 3px solid var(--error);
    font-size: 0.875em;
    overflow-wrap: anywhere;
  }
  [part='error'] strong {
    color: var(--error);
  }
  code {
    font-size: 0.9em;
  }
  .visually-hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      transition: none !important;
    }
  }
  @media (forced-colors: active) {
    .bar,
    [part~='step'] {
      background: Highlight;
      forced-color-adjust: none;
    }
  }
`;
