/** What a device brings that decides which kernels run on it, and how fast. Plain data: it is stored. */
export interface DeviceTraits {
  readonly features: readonly string[];
  /** Those unknown are missing. */
  readonly limits: Readonly<Record<string, number>>;
}

export function deviceTraits({
  features,
  limits,
  adapterInfo,
}: Pick<GPUDevice, 'features' | 'limits' | 'adapterInfo'>): DeviceTraits {
  const { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup } = limits;
  // Not every WebGPU gives out information about its adapter, or all of it.
  const { subgroupMinSize, subgroupMaxSize }: Partial<GPUAdapterInfo> = adapterInfo ?? {};
  const found = { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup, subgroupMinSize, subgroupMaxSize };
  return {
    features: [...features].sort(),
    limits: Object.fromEntries(
      Object.entries(found).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    ),
  };
}
