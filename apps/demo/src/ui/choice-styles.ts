import { css } from 'lit';

/** A fieldset without a frame, and its name in small. */
export const fieldsetStyles = css`
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
`;

/** Labels that are the radio buttons they hold: the button itself is there for the pointer and the keyboard, not for the eye. */
export const choiceStyles = css`
  label {
    position: relative;
    background: var(--well);
    cursor: pointer;
  }
  label:has(:checked) {
    border-color: var(--accent);
    background: var(--accent-wash);
  }
  label:has(:focus-visible) {
    outline: 3px solid var(--accent);
    outline-offset: 2px;
  }
  input {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    margin: 0;
    opacity: 0;
    cursor: pointer;
  }
`;
