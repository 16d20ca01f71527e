import { css } from 'lit';

/** The small round buttons beside the page's name. */
export const chip = css`
  .chip {
    display: inline-flex;
    align-items: center;
    gap: 0.4rem;
    min-height: 2rem;
    padding: 0 0.8rem;
    border: 1px solid var(--line);
    border-radius: 1rem;
    background: var(--panel);
    color: var(--ink);
    font: 600 0.85rem var(--round);
    white-space: nowrap;
  }
  .chip:hover {
    border-color: var(--soft);
  }
  .chip svg {
    width: 1rem;
    fill: none;
    stroke: var(--accent);
    stroke-width: 1.8;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
`;
