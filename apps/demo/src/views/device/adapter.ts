/** What the browser tells of a graphics adapter before any device is opened. Plain data. */
export interface AdapterFacts {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallback: boolean;
  /** Invocations of a subgroup at least and at most, where the browser says. */
  readonly subgroups: readonly [least: number, most: number] | null;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  readonly languageFeatures: readonly string[];
}

/** The adapter the pipeline would take, or null without one. Downloads nothing and opens no device. */
export async function readAdapter(): Promise<AdapterFacts | null> {
  if (!('gpu' in navigator)) return null;
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (!adapter) return null;
  const { vendor, architecture, device, description, isFallbackAdapter, subgroupMinSize, subgroupMaxSize } =
    adapter.info as Partial<GPUAdapterInfo>;
  const limits: Record<string, number> = {};
  // They are getters of the prototype: neither keys nor entries list them.
  for (const name in adapter.limits) {
    const value: unknown = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') limits[name] = value;
  }
  return {
    vendor: vendor ?? '',
    architecture: architecture ?? '',
    device: device ?? '',
    description: description ?? '',
    isFallback: isFallbackAdapter ?? false,
    subgroups: subgroupMinSize && subgroupMaxSize ? [subgroupMinSize, subgroupMaxSize] : null,
    features: [...adapter.features].sort(),
    limits,
    languageFeatures: [...(navigator.gpu.wgslLanguageFeatures ?? [])].sort(),
  };
}
