import { css } from 'lit';

/** A field with its name above: `label.name` and, where it is one line of text, `input.line`. */
export const fieldStyles = css`
  label.name {
    display: block;
    margin-bottom: 0.3rem;
    color: var(--soft);
    font-size: 0.85rem;
  }
  input.line {
    flex: 1;
    min-width: 0;
    height: 2.75rem;
    padding: 0 0.75rem;
    border: 1px solid var(--line);
    border-radius: 10px;
    background: var(--well);
  }
`;
