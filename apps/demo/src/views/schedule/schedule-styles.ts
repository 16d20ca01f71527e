import { css } from 'lit';

/** Where the panels of the view stand. */
export const scheduleStyles = css`
  :host {
    display: grid;
    gap: 1rem;
    grid-template-columns: minmax(0, 1fr);
  }
  .columns,
  .column {
    display: grid;
    gap: 1rem;
    align-content: start;
    grid-template-columns: minmax(0, 1fr);
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    justify-content: space-between;
    gap: 0.75rem 1.5rem;
    margin-bottom: 1rem;
  }
  .head number-field {
    flex: 1 1 14rem;
    max-width: 22rem;
  }
  .tools {
    gap: 0.5rem;
  }
  .tools .secondary {
    padding: 0.4rem 0.8rem;
    font-size: 0.9rem;
  }
  advanced-fields {
    margin-top: 0.75rem;
  }
  .use {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.75rem 1.5rem;
    margin-top: 0.75rem;
    padding-top: 0.75rem;
    border-top: 1px dashed var(--line);
  }
  .use p {
    flex: 1 1 18rem;
    margin: 0;
    color: var(--soft);
    font-size: 0.85rem;
    overflow-wrap: anywhere;
  }
  .use .primary {
    flex: 0 1 12rem;
  }
  @media (min-width: 860px) {
    .columns {
      grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    }
  }
`;
