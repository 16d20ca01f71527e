import { css } from 'lit';

/** Numbers in columns, their names on the left. */
export const tableStyles = css`
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 0.9rem;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 0.4rem 0.45rem;
    border-bottom: 1px solid var(--line);
    text-align: right;
    white-space: nowrap;
  }
  thead th {
    color: var(--soft);
    font-weight: 400;
  }
  th:first-child {
    text-align: left;
  }
`;
