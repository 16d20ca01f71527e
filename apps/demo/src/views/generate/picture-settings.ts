import { adapterText } from '../../run-summary.ts';
import type { Painting } from '../../session.ts';
import type { Settings } from '../../settings.ts';
import { PngError, readPngTexts } from './png-text.ts';

/** What a picture's file says about it: the settings that make it again, and what it was made with. */
export interface PictureSettings extends Settings {
  readonly model: string;
  readonly dtype: string;
  readonly adapter: string;
  /** The policy's name with all its settings, as it ran. */
  readonly policy: string;
  /** Version of WebDiT. */
  readonly webdit: string;
}

const format = 'webdit-settings/1';
/** The keyword of the text chunk. */
export const settingsKeyword = 'webdit-settings';
/** Pictures of this page are much smaller. */
export const largestFile = 16 * 2 ** 20;
const longestJson = 2 ** 16;

/** The settings as text for a PNG, which holds Latin-1 only; other letters are escaped. */
export function writePictureSettings({ settings, report, model }: Omit<Painting, 'image'>, webdit: string): string {
  const { label, seed, steps, guidance, cache, modelUrl } = settings;
  const { dtype, adapter, policy } = report;
  const made = { model, dtype, adapter: adapterText(adapter), policy, webdit };
  const json = JSON.stringify({ format, label, seed, steps, guidance, cache, modelUrl, ...made });
  return json.replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * The settings in a PNG that may come from anywhere.
 * @throws PngError when there are none that can be read.
 */
export function readPictureSettings(bytes: Uint8Array): PictureSettings {
  if (bytes.length > largestFile) throw new PngError('is larger than 16 MB, and no picture of this page is.');
  const [text, ...more] = readPngTexts(bytes, settingsKeyword, longestJson);
  if (text === undefined) {
    throw new PngError('holds no settings: it was not painted here, or a program that changed it left them out.');
  }
  if (more.length > 0) throw unreadable('there are several');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw unreadable('they are not JSON');
  }
  return checkSettings(json);
}

function checkSettings(json: unknown): PictureSettings {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw unreadable('they are not a JSON object');
  const { format: found, ...fields } = json as Record<string, unknown>;
  if (found !== format) throw unreadable(`their format is ${show(found)}, and this page reads ${format}`);
  const checked = Object.fromEntries(
    Object.entries(fieldChecks).map(([name, isValid]) => {
      const value = fields[name];
      if (!isValid(value)) throw unreadable(`${name} is ${show(value)}`);
      return [name, value];
    }),
  );
  const unknown = Object.keys(fields).find((name) => !Object.hasOwn(fieldChecks, name));
  if (unknown !== undefined) throw unreadable(`this page does not know ${show(unknown)}`);
  return checked as unknown as PictureSettings;
}

const text = (longest: number) => (value: unknown) =>
  typeof value === 'string' && value.trim() !== '' && value.length <= longest;
const integer = (low: number, high: number) => (value: unknown) =>
  Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high;

const fieldChecks: Readonly<Record<keyof PictureSettings, (value: unknown) => boolean>> = {
  label: text(200),
  seed: integer(0, Number.MAX_SAFE_INTEGER),
  steps: integer(1, 1000),
  guidance: (value) => typeof value === 'number' && Number.isFinite(Math.fround(value)) && value >= 0,
  // Patterns are written out in some of them, a letter for each step.
  cache: text(4000),
  // Empty for the page's own model.
  modelUrl: (value) => typeof value === 'string' && value.length <= 2000,
  policy: text(4000),
  model: text(200),
  dtype: text(20),
  adapter: text(400),
  webdit: text(40),
};

function unreadable(reason: string): PngError {
  return new PngError(`holds settings that cannot be read: ${reason}.`);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
