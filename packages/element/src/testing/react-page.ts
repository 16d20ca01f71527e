import { createElement, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { WebDit } from '../react.ts';

/** A page of React's that paints what its buttons say, and writes down the pictures. */
function Page() {
  const [label, setLabel] = useState('pizza');
  const [pictures, setPictures] = useState<readonly string[]>([]);
  const button = (name: string) =>
    createElement('button', { key: name, type: 'button', onClick: () => setLabel(name) }, name);
  return createElement(
    'div',
    null,
    ['pizza', 'butterfly'].map(button),
    createElement(WebDit, {
      model: '/models/emoji-dit/',
      label,
      steps: 2,
      seed: 1,
      autostart: true,
      onImage: ({ detail }) => setPictures((all) => [...all, `${detail.label} ${detail.blob.type}`]),
    }),
    createElement('output', null, pictures.join(', ')),
  );
}

createRoot(document.getElementById('root') as HTMLElement).render(createElement(StrictMode, null, createElement(Page)));
