import { html, type TemplateResult } from 'lit';
import type { Obstacle } from './obstacle.ts';

interface Advice {
  readonly title: string;
  /** What that means, one or two sentences. */
  readonly meaning: string;
  readonly code: 'webgpu-unavailable' | 'adapter-unavailable';
  /** Most promising first. */
  readonly tries: readonly TemplateResult[];
}

const update = html`Update the browser, or open this page in one of the browsers on the list.`;
const linuxFlags = html`Chrome on Linux with a card that is not on the list: <code>chrome://flags/#enable-unsafe-webgpu</code>
  and <code>chrome://flags/#enable-vulkan</code>, then restart it.`;
const chromeReport = html`In Chrome and Edge <code>chrome://gpu</code> says what became of WebGPU, and why.`;

/** What to say and to try, by what is in the way. */
export const advice: Readonly<Record<Obstacle, Advice>> = {
  insecure: {
    title: 'This browser does not offer WebGPU to a page that is not secure',
    meaning: 'It came over plain http, and browsers keep the graphics card from such pages.',
    code: 'webgpu-unavailable',
    tries: [
      html`Open the page over <code>https://</code>, or from <code>localhost</code>.`,
      html`If it then still does not work: ${update}`,
    ],
  },
  missing: {
    title: 'This browser does not offer WebGPU',
    meaning: 'WebGPU is how a page reaches the graphics card.',
    code: 'webgpu-unavailable',
    tries: [
      update,
      linuxFlags,
      html`Firefox on Linux: <code>dom.webgpu.enabled</code> in <code>about:config</code>, at your own risk.`,
    ],
  },
  'no-adapter': {
    title: 'WebGPU found no usable graphics adapter',
    meaning: 'The browser offers WebGPU, but has no graphics card to give, or does not trust its driver.',
    code: 'adapter-unavailable',
    tries: [
      html`Turn on hardware (graphics) acceleration in the browser’s settings, and restart the browser.`,
      html`Update the graphics driver. Remote desktops and virtual machines often have no adapter at all.`,
      linuxFlags,
      chromeReport,
    ],
  },
};

/** Browsers that have it switched on, by the status page of WebGPU's group and MDN. */
export const browsers = {
  asOf: 'April 2026',
  source: 'https://github.com/gpuweb/gpuweb/wiki/Implementation-Status',
  list: [
    {
      name: 'Chrome, Edge',
      versions:
        '113 on Windows, macOS and ChromeOS; 121 on most Android 12 phones and later; on Linux 144 with Intel graphics of the last years and 147 with NVIDIA',
    },
    { name: 'Safari', versions: '26 on macOS, iOS, iPadOS and visionOS 26' },
    {
      name: 'Firefox',
      versions:
        '141 on Windows; on Macs with Apple silicon 145 (macOS 26) and 147 (older macOS); not yet on Linux and Android',
    },
  ],
} as const;
