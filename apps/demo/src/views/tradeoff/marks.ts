import { css } from 'lit';

/** A family's shape as well as its colour tells it from the others; paths around the origin, about 12 pixels wide. */
const marks: Readonly<Record<string, { readonly name: string; readonly path: string }>> = {
  Uncached: { name: 'uncached', path: 'M-6,0a6,6 0 1,0 12,0a6,6 0 1,0 -12,0' },
  'Fewer steps': { name: 'fewer', path: 'M-5,-5h10v10h-10z' },
  FORA: { name: 'fora', path: 'M0,-7L6.5,5h-13z' },
  ProCache: { name: 'procache', path: 'M0,-7L7,0L0,7L-7,0z' },
};

/** @throws TypeError for a family that has none. */
export function markOf(family: string): { readonly name: string; readonly path: string } {
  const mark = marks[family];
  if (!mark) throw new TypeError(`The family ${family} has no mark.`);
  return mark;
}

export const markStyles = css`
  .mark.uncached {
    fill: var(--ink);
  }
  .mark.fewer {
    fill: var(--curve-fewer);
  }
  .mark.fora {
    fill: var(--curve-fora);
  }
  .mark.procache {
    fill: var(--accent);
  }
`;
