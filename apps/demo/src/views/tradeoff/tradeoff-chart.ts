import { scaleLinear } from 'd3-scale';
import { css, html, LitElement, svg } from 'lit';
import { controls } from '../../ui/shared-styles.ts';
import { markOf, markStyles } from './marks.ts';
import { labelOffsets, type Point, paretoFront, type SpeedAxis } from './points.ts';

const margin = { top: 46, right: 18, bottom: 46, left: 46 };

/** Speed against quality: this device's points, the front through the best of them, the recorded curve behind. */
export class TradeoffChart extends LitElement {
  static override properties = {
    points: { attribute: false },
    recorded: { attribute: false },
    axis: {},
    selected: {},
    width: { state: true },
  };
  declare points: readonly Point[];
  /** Measured elsewhere; drawn faint and not selectable. */
  declare recorded: readonly Point[];
  declare axis: SpeedAxis;
  /** Row of the selected point, or empty. */
  declare selected: string;
  /** CSS pixels. */
  declare width: number;

  private readonly watch = new ResizeObserver(([entry]) => {
    this.width = Math.round(entry?.contentRect.width ?? this.width);
  });

  constructor() {
    super();
    this.points = [];
    this.recorded = [];
    this.axis = 'latency';
    this.selected = '';
    this.width = 640;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.watch.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.watch.disconnect();
  }

  /** The chart as it stands, for pictures of it. */
  get svg(): SVGSVGElement {
    return this.renderRoot.querySelector('svg') as SVGSVGElement;
  }

  override render() {
    const { width, points, recorded, axis } = this;
    const height = Math.round(Math.min(440, Math.max(300, width * 0.66)));
    const all = [...points, ...recorded];
    const finite = all.map(({ quality }) => quality).filter(Number.isFinite);
    const x = scaleLinear()
      .domain([1, Math.max(2, ...all.map(({ speed }) => speed)) * 1.04])
      .range([margin.left, width - margin.right]);
    const y = scaleLinear()
      .domain([Math.min(20, ...finite) - 1, Math.max(40, ...finite) + 2])
      .range([height - margin.bottom, margin.top]);
    /** Identical pictures have no finite distance: they sit on a line above the scale. */
    const at = ({ speed, quality }: Point) => ({
      x: x(speed),
      y: Number.isFinite(quality) ? y(quality) : margin.top - 20,
    });
    const path = (line: readonly Point[]) => line.map((p, i) => `${i === 0 ? 'M' : 'L'}${at(p).x},${at(p).y}`).join('');
    const offsets = labelOffsets(points.map(at));
    return html`
      <svg viewBox="0 0 ${width} ${height}" width=${width} height=${height} role="group" aria-label="Speed against quality">
        <g class="grid">
          ${x.ticks(Math.max(3, width / 110)).map(
            (tick) => svg`<line x1=${x(tick)} x2=${x(tick)} y1=${margin.top} y2=${height - margin.bottom} />
              <text x=${x(tick)} y=${height - margin.bottom + 18} text-anchor="middle">${tick}×</text>`,
          )}
          ${y.ticks(5).map(
            (tick) => svg`<line x1=${margin.left} x2=${width - margin.right} y1=${y(tick)} y2=${y(tick)} />
              <text x=${margin.left - 8} y=${y(tick) + 4} text-anchor="end">${tick}</text>`,
          )}
          <line class="same" x1=${margin.left} x2=${width - margin.right} y1=${margin.top - 20} y2=${margin.top - 20} />
          <text x=${margin.left - 8} y=${margin.top - 16} text-anchor="end">same</text>
          <text x=${width - margin.right} y=${height - 6} text-anchor="end">
            ${axis === 'latency' ? 'times faster than uncached (clock)' : 'times less arithmetic (FLOPs executed)'}
          </text>
          <text x="0" y="14">PSNR in dB against the uncached picture</text>
        </g>
        <g class="recorded" aria-hidden="true">
          <path d=${path(paretoFront(recorded))} />
          ${recorded.map((point) => this.mark(point, at(point)))}
        </g>
        <path class="front" d=${path(paretoFront(points))} />
        ${points.map((point, i) => this.point(point, at(point), offsets[i] as number))}
      </svg>
    `;
  }

  private point(point: Point, { x, y }: { x: number; y: number }, offset: number) {
    const { row, family, title, speed, quality } = point;
    const decibels = Number.isFinite(quality) ? `${quality.toFixed(1)} dB` : 'identical';
    const name = `${family === 'Uncached' ? '' : `${family} `}${title}: ${speed.toFixed(2)} times, ${decibels}`;
    const choose = () => this.dispatchEvent(new CustomEvent<string>('choose', { detail: row }));
    return svg`<g
      class="point"
      role="button"
      tabindex="0"
      data-row=${row}
      aria-label=${name}
      aria-pressed=${row === this.selected ? 'true' : 'false'}
      @click=${choose}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        choose();
      }}
    >
      <circle class="reach" cx=${x} cy=${y} r="16" />
      ${this.mark(point, { x, y })}
      ${
        x < margin.left + 30
          ? svg`<text x=${x + 11} y=${y + 4} text-anchor="start">${title}</text>`
          : svg`<text x=${x} y=${y + offset} text-anchor=${x > this.width - 70 ? 'end' : 'middle'}>${title}</text>`
      }
    </g>`;
  }

  private mark({ family }: Point, { x, y }: { x: number; y: number }) {
    const { path, name } = markOf(family);
    return svg`<path class="mark ${name}" d=${path} transform="translate(${x} ${y})" />`;
  }

  static override styles = [
    controls,
    markStyles,
    css`
      svg {
        display: block;
        font: 12px var(--text);
        font-variant-numeric: tabular-nums;
      }
      .grid line {
        stroke: var(--line);
        stroke-width: 1;
      }
      .grid .same {
        stroke-dasharray: 2 4;
      }
      .grid text {
        fill: var(--soft);
      }
      .front {
        fill: none;
        stroke: var(--ink);
        stroke-width: 1.5;
        stroke-dasharray: 5 4;
      }
      .recorded {
        opacity: 0.4;
      }
      .recorded path {
        fill: none;
        stroke: var(--soft);
        stroke-width: 1.5;
      }
      .point {
        cursor: pointer;
      }
      .point text {
        fill: var(--ink);
        font-weight: 600;
        paint-order: stroke;
        stroke: var(--ground);
        stroke-width: 3px;
      }
      .reach {
        fill: transparent;
      }
      .point:hover .reach,
      .point[aria-pressed='true'] .reach {
        fill: var(--accent-wash);
        stroke: var(--accent);
      }
      .point:focus-visible {
        outline: none;
      }
      .point:focus-visible .reach {
        stroke: var(--accent);
        stroke-width: 3px;
      }
      .point .mark {
        stroke: var(--ground);
        stroke-width: 1;
      }
    `,
  ];
}

customElements.define('tradeoff-chart', TradeoffChart);
