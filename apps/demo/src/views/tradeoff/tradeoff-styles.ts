import { css } from 'lit';

/** Controls beside the chart on wide screens, above it on phones. */
export const tradeoffStyles = css`
  :host {
    display: grid;
    gap: 1.5rem 2rem;
    grid-template-columns: minmax(0, 1fr);
    align-items: start;
  }
  .settings {
    display: grid;
    gap: 0.9rem 1.5rem;
    grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr));
  }
  label-field,
  fieldset,
  .settings .act {
    grid-column: 1 / -1;
  }
  fieldset label {
    display: flex;
    align-items: baseline;
    gap: 0.5rem;
    padding: 0.3rem 0;
  }
  fieldset small {
    color: var(--soft);
    overflow-wrap: anywhere;
  }
  input[type='checkbox'] {
    accent-color: var(--accent);
  }
  pill-choice {
    justify-content: end;
  }
  .exports {
    margin-top: 0.75rem;
  }
  recorded-standings {
    grid-column: 1 / -1;
  }
  @media (min-width: 860px) {
    :host {
      grid-template-columns: minmax(0, 21rem) minmax(0, 1fr);
    }
  }
`;
