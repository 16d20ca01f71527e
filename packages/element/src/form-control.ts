import type { Picture } from './events.ts';
import type { StateName } from './state.ts';

const stateNames: readonly StateName[] = ['idle', 'loading', 'ready', 'generating', 'done', 'error'];

/** What an element is to its form, to CSS and to assistive technology: its ElementInternals. */
export class FormControl {
  file: File | null = null;

  constructor(readonly internals: ElementInternals) {
    internals.role = 'group';
  }

  /** Takes the picture as the control's value; null takes it away. */
  setPicture(picture: Picture | null): void {
    this.file = picture && new File([picture.blob], `web-dit-${picture.seed}.png`, { type: picture.blob.type });
    this.internals.setFormValue(this.file);
  }

  /** @param anchor what the browser points its message at. */
  setRequired(required: boolean, anchor: HTMLElement | undefined): void {
    if (required && !this.file) this.internals.setValidity({ valueMissing: true }, 'Paint a picture first.', anchor);
    else this.internals.setValidity({});
  }

  /** For `:state()`, and for who cannot see that something is under way. */
  setState(name: StateName): void {
    const { states } = this.internals;
    for (const other of stateNames) states.delete(other);
    states.add(name);
    this.internals.ariaBusy = String(name === 'loading' || name === 'generating');
  }

  /** What the element is called, unless the page has a `<label>` for it. */
  setName(name: string): void {
    this.internals.ariaLabel = this.internals.labels.length === 0 ? name : null;
  }
}
