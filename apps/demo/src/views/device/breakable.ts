import { html } from 'lit';

/** A long name that may break where its words meet: before capitals, after dots, dashes and underscores. */
export function breakable(name: string) {
  return name.split(/(?<=[a-z])(?=[A-Z])|(?<=[._-])/).map((part, i) => (i === 0 ? part : html`<wbr />${part}`));
}
