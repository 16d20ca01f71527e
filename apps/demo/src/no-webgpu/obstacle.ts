/** Why this page cannot use the graphics card. */
export type Obstacle = 'insecure' | 'missing' | 'no-adapter';

/** What keeps WebGPU from this page, or null when nothing does, as far as can be known without opening a device. */
export async function findObstacle(): Promise<Obstacle | null> {
  if (!('gpu' in navigator)) return isSecureContext ? 'missing' : 'insecure';
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  return adapter ? null : 'no-adapter';
}
