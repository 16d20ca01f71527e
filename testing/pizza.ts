import { fileURLToPath } from 'node:url';
import { type PngPixels, readPng } from '../packages/cli/src/png.ts';

export const pizzaPath = fileURLToPath(new URL('../goldens/emoji-dit/pizza.png', import.meta.url));

/** A pizza of emoji-dit's that PyTorch painted. */
export const readPizza = (): Promise<PngPixels> => readPng(pizzaPath);
