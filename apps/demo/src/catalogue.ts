import { type EmojiClass, findLabel, loadClasses } from './classes.ts';
import type { ModelChoice } from './models/model-choice.ts';
import { type CacheFiles, loadCacheFiles, summarise } from './schedules.ts';
import type { Failure } from './session.ts';

/** What the model folder offers to choose from. */
export interface Catalogue extends CacheFiles {
  /** Empty for a model without class names, whose labels are ids. */
  readonly classes: readonly EmojiClass[];
  /** Ids go from 0 to one less; 0 while unknown, and for a model without classes. */
  readonly numClasses: number;
  /** Set when the list of classes could not be loaded, and for models that this page cannot paint with. */
  readonly failure: Failure | null;
}

export const emptyCatalogue: Catalogue = { classes: [], numClasses: 0, schedules: [], calibrations: [], failure: null };

/** Of models that read prompts. */
const readsPrompts: Failure = {
  code: 'unsupported-config',
  message: 'This model paints prompts, and this page has no field for them.',
  remedy: 'Choose a model with classes, or give the library a prompt: generate({ prompt }).',
};

/** What the page's own model offers, whose few small files are read without the library. */
export async function loadCatalogue(modelUrl: URL): Promise<Catalogue> {
  const cacheFiles = loadCacheFiles(modelUrl);
  try {
    const classes = await loadClasses(modelUrl);
    return { classes, numClasses: classes.length, ...(await cacheFiles), failure: null };
  } catch (cause) {
    const message = `The list of emoji could not be loaded. ${cause instanceof Error ? cause.message : ''}`;
    const failure = { code: 'network', message, remedy: 'Check the connection and reload the page.' };
    return { ...emptyCatalogue, ...(await cacheFiles), failure };
  }
}

/** What any other model offers. @throws WebDiTError when it is none, or cannot be read. */
export async function readCatalogue({ source }: ModelChoice): Promise<Catalogue> {
  const { describeModel } = await import('webdit');
  const model = await describeModel(source);
  const classes = (await model.classes()) ?? [];
  return {
    classes: classes.map(({ id, label, emoji = '', tags = [] }) => ({ id, label, emoji, tags })),
    numClasses: model.config.kind === 'dit' ? model.config.numClasses : 0,
    schedules: model.schedules.map(summarise),
    calibrations: model.calibrations.filter(({ sampler }) => sampler === model.samplerName).map(({ steps }) => steps),
    failure: model.config.kind === 'dit' ? null : readsPrompts,
  };
}

/** The label if the model knows it, else its first one. */
export function labelFor({ classes, numClasses }: Catalogue, label: string): string {
  const [first] = classes;
  if (first) return findLabel(classes, label) ? label : first.label;
  const id = Number(label);
  return label.trim() !== '' && Number.isInteger(id) && id >= 0 && id < numClasses ? label : '0';
}
