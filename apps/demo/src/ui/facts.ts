import { css, html } from 'lit';

/** One entry of a `dl` of facts. */
export function fact(name: string, value: string | number) {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

/** Facts side by side, as many as there is room for. */
export const factStyles = css`
  dl {
    display: grid;
    gap: 0.75rem 1.5rem;
    grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr));
    margin: 0;
    font-variant-numeric: tabular-nums;
  }
  dt {
    color: var(--soft);
    font-size: 0.85rem;
  }
  dd {
    margin: 0;
    font-weight: 600;
  }
`;
