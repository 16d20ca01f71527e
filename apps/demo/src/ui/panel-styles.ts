import { css } from 'lit';

/** The raised ground on which a view's controls stand, its bar of progress and its remarks. */
export const panelStyles = css`
  .panel {
    padding: 1rem;
    border-radius: var(--radius);
    background: var(--panel);
  }
  h2 {
    margin: 0 0 0.6rem;
    font: 700 1.05rem var(--round);
  }
  .note {
    margin: 0.5rem 0 1rem;
    color: var(--soft);
    font-size: 0.9rem;
    font-variant-numeric: tabular-nums;
    text-align: center;
    text-wrap: balance;
  }
  progress {
    display: block;
    width: 100%;
    height: 6px;
    margin: 0 auto;
    border: 0;
    border-radius: 3px;
    appearance: none;
    background: var(--line);
    overflow: hidden;
  }
  progress::-webkit-progress-bar {
    background: var(--line);
  }
  progress::-webkit-progress-value {
    border-radius: 3px;
    background: var(--accent);
  }
  progress::-moz-progress-bar {
    background: var(--accent);
  }
`;

/** Buttons that start, stop and hand on work. */
export const actionStyles = css`
  .act {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem;
  }
  .primary,
  .secondary {
    min-height: 2.75rem;
    padding: 0.4rem 1.25rem;
    border: 0;
    border-radius: var(--radius);
    font: 700 1rem var(--round);
  }
  .primary {
    flex: 1;
    background: var(--accent);
    color: var(--accent-ink);
  }
  .primary:hover {
    filter: brightness(1.07);
  }
  .secondary {
    border: 1px solid var(--line);
    background: var(--well);
  }
  /* A label that stands for its hidden file input. */
  .file {
    display: grid;
    place-items: center;
    cursor: pointer;
  }
  .file:has(:focus-visible) {
    outline: 3px solid var(--accent);
    outline-offset: 2px;
  }
  .primary[aria-disabled='true'],
  .secondary[aria-disabled='true'] {
    cursor: default;
    filter: saturate(0.5) opacity(0.55);
  }
`;
