/** Emojibase's groups that the model knows: no people, symbols or flags. */
const groups = new Set(['smileys-emotion', 'animals-nature', 'food-drink', 'travel-places', 'activities', 'objects']);

/** The 24 clock faces differ by a few pixels. */
const isClockFace = ({ label }) => /o’clock$|-thirty$/.test(label);

/**
 * A class of the model, as `classes.json` has it.
 * @typedef {{id: number, label: string, emoji: string, hexcode: string, group: string, subgroup: string, tags: string[]}}
 *   ModelClass
 */

/**
 * The class table, in Unicode's order, from emojibase (MIT).
 * @param {NodeJS.Require} require finds emojibase-data.
 * @param {string[] | undefined} labels only these, in Unicode's order all the same; ids count from 0.
 * @returns {ModelClass[]}
 */
export function classTable(require, labels) {
  const names = require('emojibase-data/meta/groups.json');
  const all = require('emojibase-data/en/data.json')
    .filter((entry) => groups.has(names.groups[entry.group]) && !isClockFace(entry))
    .sort((a, b) => a.order - b.order);
  for (const label of labels ?? []) {
    if (!all.some((entry) => entry.label === label)) throw new Error(`No emoji of the model is called "${label}".`);
  }
  const chosen = labels ? all.filter(({ label }) => labels.includes(label)) : all;
  return chosen.map(({ label, emoji, hexcode, group, subgroup, tags }, id) => {
    return { id, label, emoji, hexcode, group: names.groups[group], subgroup: names.subgroups[subgroup], tags };
  });
}
