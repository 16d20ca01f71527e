const held = new Set<object>();

/**
 * Waits for a read, and keeps what is read from reachable meanwhile. Chromium collects the stream of a stored response that only its own
 * pending read refers to, and that read then never ends.
 */
export async function holding<T>(object: object, read: Promise<T>): Promise<T> {
  // An entry of its own: what is held twice stays until both have ended.
  const entry = { object };
  held.add(entry);
  try {
    return await read;
  } finally {
    held.delete(entry);
  }
}
