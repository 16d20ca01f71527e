import { html, type TemplateResult } from 'lit';
import type { Catalogue } from './catalogue.ts';
import type { ViewName } from './route.ts';
import type { Session } from './session.ts';
import type { Settings } from './settings.ts';

/** What every view is given. */
export interface ViewInputs {
  readonly session: Session;
  readonly catalogue: Catalogue;
  readonly settings: Settings;
}

export interface View {
  readonly name: ViewName;
  readonly title: string;
  /** Loads its code; each view is a chunk of its own. */
  load(): Promise<unknown>;
  render(inputs: ViewInputs): TemplateResult;
}

/** In the order of the navigation. */
export const views: readonly View[] = [
  {
    name: 'generate',
    title: 'Generate',
    load: () => import('./views/generate/generate-view.ts'),
    render: ({ session, catalogue, settings }) =>
      html`<generate-view .session=${session} .catalogue=${catalogue} .settings=${settings}></generate-view>`,
  },
  {
    name: 'compare',
    title: 'Compare',
    load: () => import('./views/compare/compare-view.ts'),
    render: ({ session, catalogue, settings }) =>
      html`<compare-view .session=${session} .catalogue=${catalogue} .settings=${settings}></compare-view>`,
  },
  {
    name: 'tradeoff',
    title: 'Trade-off',
    load: () => import('./views/tradeoff/tradeoff-view.ts'),
    render: ({ session, catalogue, settings }) =>
      html`<tradeoff-view .session=${session} .catalogue=${catalogue} .settings=${settings}></tradeoff-view>`,
  },
  {
    name: 'schedule',
    title: 'Schedule',
    load: () => import('./views/schedule/schedule-view.ts'),
    render: ({ session, catalogue, settings }) =>
      html`<schedule-view .session=${session} .catalogue=${catalogue} .settings=${settings}></schedule-view>`,
  },
  {
    name: 'models',
    title: 'Models',
    load: () => import('./views/models/models-view.ts'),
    render: ({ session, catalogue }) => html`<models-view .session=${session} .catalogue=${catalogue}></models-view>`,
  },
  {
    name: 'device',
    title: 'This device',
    load: () => import('./views/device/device-view.ts'),
    render: ({ session }) => html`<device-view .session=${session}></device-view>`,
  },
];
