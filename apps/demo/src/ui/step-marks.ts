import { css } from 'lit';

/**
 * A step's kind as a mark of the postal barcode: full ones tall, selective ones half as tall and raised, forecasts as
 * tall and lowered, reused ones short, skipped ones a dot.
 */
export const stepMarks = css`
  .mark {
    align-self: center;
    width: 64%;
    height: 3px;
    border-radius: 2px;
    background: var(--soft);
    transition: height 120ms ease-out;
  }
  .mark.full {
    height: 100%;
    background: var(--accent);
  }
  .mark.selective {
    align-self: start;
    height: 62%;
    background: var(--ink);
  }
  .mark.forecast {
    align-self: end;
    height: 62%;
  }
  .mark.reuse {
    height: 24%;
  }
`;

/** What the marks mean, in a list. */
export const markLegend = css`
  .legend {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: 0.2rem 1.1rem;
    margin: 0.45rem 0 0;
    padding: 0;
    color: var(--soft);
    font-size: 0.85rem;
    list-style: none;
  }
  .legend li {
    display: flex;
    align-items: center;
    gap: 0.4rem;
    font-variant-numeric: tabular-nums;
  }
  .legend .mark {
    align-self: center;
    width: 4px;
  }
  .legend .mark.full {
    height: 18px;
  }
  .legend .mark.selective,
  .legend .mark.forecast {
    height: 11px;
  }
  .legend .mark.reuse {
    height: 5px;
  }
  .legend b {
    color: var(--ink);
  }
`;
