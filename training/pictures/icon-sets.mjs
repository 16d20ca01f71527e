/** The sets of the model card, by their names on Iconify. Share-alike sets are left out: their terms would bind the weights. */
export const setNames = [
  'noto',
  'noto-v1',
  'twemoji',
  'fluent-emoji',
  'fluent-emoji-flat',
  'emojione', // version 2; version 1 is share-alike
  'fxemoji',
  'streamline-emojis',
];

/**
 * An emoji set.
 * @typedef {{prefix: string, name: string, version: string, licence: string, author: string, url: string}} SetFacts
 */

/** One emoji set of Iconify: finds an emoji's picture and says whose it is. */
export class IconSet {
  #icons;
  #size;
  #byCode;
  #byName;

  /** @param {NodeJS.Require} require finds the set's package. @param {string} prefix its name on Iconify. */
  constructor(require, prefix) {
    const { icons, width, height } = require(`@iconify-json/${prefix}/icons.json`);
    const { name, author, license, version } = require(`@iconify-json/${prefix}/info.json`);
    const codes = require(`@iconify-json/${prefix}/chars.json`);
    this.#icons = icons;
    this.#size = { width, height };
    this.#byCode = new Map(Object.entries(codes).map(([code, icon]) => [plainCode(code), icon]));
    this.#byName = new Map(Object.keys(icons).map((icon) => [plainName(icon), icon]));
    const packageVersion = require(`@iconify-json/${prefix}/package.json`).version;
    /** @type {SetFacts} */
    this.facts = {
      prefix,
      name: version ? `${name} ${version}` : name,
      version: packageVersion,
      licence: license.spdx,
      author: author.name,
      url: author.url,
    };
  }

  /**
   * The SVG of an emoji: by its code points where the set lists them, else by its English name, written like the icons' but
   * for hyphens and case. Aliases are not followed: some lead to another emoji (cricket, the insect, to the game).
   * @param {import('./classes.mjs').ModelClass} emoji
   * @param {number} size height and width it says it has.
   * @returns {string | undefined} undefined when the set lacks it.
   */
  svg({ hexcode, label }, size) {
    const name = this.#byCode.get(plainCode(hexcode)) ?? this.#byName.get(plainName(label));
    const icon = name === undefined ? undefined : this.#icons[name];
    if (!icon) return undefined;
    const { width, height } = { ...this.#size, ...icon };
    return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 ${width} ${height}" width="${size}" height="${size}">${icon.body}</svg>`;
  }
}

/** Code points in lower case without U+FE0F, which asks for colour and is sometimes left out. */
function plainCode(hexcode) {
  return hexcode.toLowerCase().replaceAll('-fe0f', '');
}

function plainName(text) {
  return text
    .toLowerCase()
    .normalize('NFD')
    .replace(/[^a-z0-9]/g, '');
}
