import { css } from 'lit';
import { choiceStyles, fieldsetStyles } from './choice-styles.ts';

/** Radio buttons as cards with a `.title` and a `.text`. */
export const cardStyles = [
  fieldsetStyles,
  css`
    label {
      border: 2px solid var(--line);
      border-radius: 10px;
    }
    label:hover {
      border-color: var(--soft);
    }
  `,
  choiceStyles,
  css`
    .title {
      display: block;
      font-family: var(--round);
      font-weight: 700;
    }
    .text {
      display: block;
      color: var(--soft);
      font-size: 0.8rem;
      line-height: 1.3;
    }
    label:has(:checked) .text {
      color: var(--ink);
    }
  `,
];
