import { createComponent, type EventName } from '@lit/react';
import * as React from 'react';
import { WebDitElement, type WebDitEventMap } from './index.ts';

/**
 * `<web-dit>` for React: attributes are properties, events are callbacks, and `ref` gives the element with its methods.
 * @example
 * <WebDit model="/models/emoji-dit" label="🍕" autostart onImage={({ detail }) => console.log(detail.blob.size)} />
 */
export const WebDit = createComponent({
  react: React,
  tagName: 'web-dit',
  elementClass: WebDitElement,
  events: {
    onProgress: 'webdit-progress' as EventName<WebDitEventMap['webdit-progress']>,
    onStep: 'webdit-step' as EventName<WebDitEventMap['webdit-step']>,
    onImage: 'webdit-image' as EventName<WebDitEventMap['webdit-image']>,
    onError: 'webdit-error' as EventName<WebDitEventMap['webdit-error']>,
    onState: 'webdit-state' as EventName<WebDitEventMap['webdit-state']>,
  },
});
