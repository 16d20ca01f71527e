/**
 * The keys of a JSON object in the order they are written, repeated ones included: `JSON.parse` keeps only the last of
 * those. `json` must be valid and hold an object.
 */
export function topLevelKeys(json: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    else if (char === '"') {
      const start = i;
      for (i++; json[i] !== '"'; i++) if (json[i] === '\\') i++;
      const isKey = depth === 1 && /^\s*:/.test(json.slice(i + 1, i + 20));
      if (isKey) keys.push(JSON.parse(json.slice(start, i + 1)));
    }
  }
  return keys;
}
