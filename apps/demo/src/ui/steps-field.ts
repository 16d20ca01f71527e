import { html, LitElement } from 'lit';
import './number-field.ts';
import { requestSettings } from '../settings-change.ts';
import { controls } from './shared-styles.ts';

/** How many steps a picture takes. */
export class StepsField extends LitElement {
  static override properties = { value: { type: Number }, least: { type: Number } };
  declare value: number;
  /** The slider's lower end. */
  declare least: number;

  constructor() {
    super();
    this.value = 0;
    this.least = 1;
  }

  override render() {
    return html`<number-field
      label="Steps"
      slider
      .min=${this.least}
      .max=${100}
      .value=${this.value}
      @number-change=${({ detail }: CustomEvent<number>) => requestSettings(this, { steps: detail })}
    ></number-field>`;
  }

  static override styles = [controls];
}

customElements.define('steps-field', StepsField);
