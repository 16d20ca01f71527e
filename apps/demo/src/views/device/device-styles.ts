import { css } from 'lit';

/** Tables of numbers, lists of facts and what folds away. */
export const factStyles = css`
  .lead {
    margin: 0 0 0.9rem;
    color: var(--soft);
    font-size: 0.92rem;
  }
  .scroll {
    overflow-x: auto;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 0.9rem;
    font-variant-numeric: tabular-nums;
  }
  caption {
    padding: 0 0 0.35rem;
    font: 700 0.95rem var(--round);
    text-align: left;
  }
  th,
  td {
    padding: 0.35rem 0 0.35rem 0.9rem;
    border-bottom: 1px solid var(--line);
    text-align: right;
    vertical-align: baseline;
    white-space: nowrap;
  }
  thead th {
    color: var(--soft);
    font-weight: 600;
    font-size: 0.8rem;
  }
  tbody th {
    font-weight: 500;
    min-width: 6.5rem;
    white-space: normal;
    overflow-wrap: break-word;
  }
  th:first-child,
  td:first-child {
    padding-left: 0;
    text-align: left;
  }
  tbody tr:last-child > * {
    border-bottom: 0;
  }
  dl {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: 0.35rem 1rem;
    margin: 0;
    font-size: 0.92rem;
    font-variant-numeric: tabular-nums;
  }
  dt {
    color: var(--soft);
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  code {
    font-size: 0.82rem;
    overflow-wrap: anywhere;
  }
  summary {
    padding: 0.5rem 0;
    cursor: pointer;
    font: 600 0.92rem var(--round);
  }
  details {
    margin-top: 0.6rem;
    border-top: 1px dashed var(--line);
  }
  .soft {
    color: var(--soft);
  }
  .small {
    display: block;
    color: var(--soft);
    font-size: 0.8rem;
  }
  .if-narrow {
    display: none;
  }
  @media (max-width: 560px) {
    .if-wide {
      display: none;
    }
    .if-narrow {
      display: block;
    }
  }
  .good {
    color: var(--good);
    font-weight: 600;
  }
  .bad {
    color: var(--alarm);
    font-weight: 700;
  }
`;
