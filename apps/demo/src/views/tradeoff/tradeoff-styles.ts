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
  fieldset {
    min-width: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }
  legend {
    margin-bottom: 0.3rem;
    padding: 0;
    color: var(--soft);
    font-size: 0.85rem;
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
  .key {
    flex: none;
    align-self: center;
    width: 16px;
  }
  input[type='checkbox'] {
    accent-color: var(--accent);
  }
  .axes {
    display: flex;
    justify-content: end;
    gap: 0.25rem;
  }
  .axes label {
    position: relative;
    padding: 0.3rem 0.8rem;
    border: 1px solid var(--line);
    border-radius: 99px;
    background: var(--well);
    font-size: 0.9rem;
  }
  .axes label:has(:checked) {
    border-color: var(--accent);
    background: var(--accent-wash);
  }
  .axes label:has(:focus-visible) {
    outline: 3px solid var(--accent);
    outline-offset: 2px;
  }
  .axes input {
    position: absolute;
    inset: 0;
    margin: 0;
    opacity: 0;
    cursor: pointer;
  }
  .exports {
    margin-top: 0.75rem;
  }
  @media (min-width: 860px) {
    :host {
      grid-template-columns: minmax(0, 21rem) minmax(0, 1fr);
    }
  }
`;
