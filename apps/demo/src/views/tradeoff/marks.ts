import { css, html, svg } from 'lit';
import type { FamilyName } from './families.ts';

/** A family's shape as well as its colour tells it from the others; paths around the origin, about 12 pixels wide. */
const marks: Readonly<Record<FamilyName, { readonly name: string; readonly path: string }>> = {
  Uncached: { name: 'uncached', path: 'M-6,0a6,6 0 1,0 12,0a6,6 0 1,0 -12,0' },
  'Fewer steps': { name: 'fewer', path: 'M-5,-5h10v10h-10z' },
  'DPM-Solver++': { name: 'fewer', path: 'M-6,-6h12L-6,6h12z' },
  FORA: { name: 'fora', path: 'M0,-7L6.5,5h-13z' },
  ToCa: { name: 'other', path: 'M0,7L6.5,-5h-13z' },
  DuCa: { name: 'other', path: 'M0,-6.8L6.5,-2.1L4,5.5L-4,5.5L-6.5,-2.1z' },
  'Delta-DiT': { name: 'other', path: 'M0,-6.5L5.6,-3.3L5.6,3.2L0,6.5L-5.6,3.3L-5.6,-3.3z' },
  TaylorSeer: { name: 'taylorseer', path: 'M-2,-6h4v4h4v4h-4v4h-4v-4h-4v-4h4z' },
  TeaCache: {
    name: 'decided',
    path: 'M-6,-3.5L-3.5,-6L0,-2.5L3.5,-6L6,-3.5L2.5,0L6,3.5L3.5,6L0,2.5L-3.5,6L-6,3.5L-2.5,0z',
  },
  DBCache: { name: 'decided', path: 'M-6,-6h12v4.5h-12zM-6,1.5h12v4.5h-12z' },
  SmoothCache: { name: 'calibrated', path: 'M-7,3.5a7,7 0 0,1 14,0z' },
  MagCache: { name: 'calibrated', path: 'M-6,-6h4v7a2,2 0 0,0 4,0v-7h4v7a6,6 0 0,1 -12,0z' },
  ProCache: { name: 'procache', path: 'M0,-7L7,0L0,7L-7,0z' },
  'ProCache+': {
    name: 'procache',
    path: 'M0,-8L2,-2.8L7.6,-2.5L3.2,1.1L4.7,6.5L0,3.4L-4.7,6.5L-3.2,1.1L-7.6,-2.5L-2,-2.8z',
  },
  Other: { name: 'other', path: 'M-6,-2h12v4h-12z' },
};

export function markOf(family: FamilyName): { readonly name: string; readonly path: string } {
  return marks[family];
}

/** A family's mark for a legend; what stands beside it says its name. */
export function familyMark(family: FamilyName) {
  const { name, path } = marks[family];
  return html`<svg class="key" viewBox="-8 -8 16 16" aria-hidden="true">${svg`<path class="mark ${name}" d=${path} />`}</svg>`;
}

export const markStyles = css`
  .key {
    flex: none;
    width: 16px;
    height: 16px;
    /* Down from the baseline to the middle of the small letters. */
    position: relative;
    top: 3px;
  }
  .mark.uncached {
    fill: var(--ink);
  }
  .mark.fewer {
    fill: var(--curve-fewer);
  }
  .mark.fora {
    fill: var(--curve-fora);
  }
  .mark.taylorseer {
    fill: var(--curve-taylorseer);
  }
  .mark.decided {
    fill: var(--curve-decided);
  }
  .mark.calibrated {
    fill: var(--curve-calibrated);
  }
  .mark.other {
    fill: var(--soft);
  }
  .mark.procache {
    fill: var(--accent);
  }
`;
