import { WebDiTError } from '@webdit/core';
import { findSoftwareDriver, type SoftwareDriver } from './softwareDrivers.ts';

export const adapterNames = ['default', 'swiftshader', 'lavapipe'] as const;
export type AdapterName = (typeof adapterNames)[number];

const installHints: Record<SoftwareDriver, string> = {
  swiftshader: 'Install Chromium or Chrome (SwiftShader is part of it), or set WEBDIT_CHROMIUM to its executable.',
  lavapipe: 'Install Mesa 24 or newer with its software Vulkan driver (Debian: mesa-vulkan-drivers).',
};

/**
 * Loads Dawn and opens WebGPU in Node.
 *
 * `default` takes the best hardware adapter, else a software driver found on the system; the other names take that driver
 * and nothing else. The Vulkan loader reads VK_ICD_FILENAMES when an instance is made, so it is set before Dawn loads, and
 * one process keeps the adapter it opened first.
 *
 * Errors: `bad-argument` (unknown name), `webgpu-unavailable` (Dawn does not load), `adapter-unavailable`.
 */
export async function openNodeGpu(adapter: string): Promise<{ gpu: GPU; name: string }> {
  if (adapter === 'swiftshader' || adapter === 'lavapipe') {
    const opened = await openWith(requireDriver(adapter));
    if (opened) return opened;
    throw new WebDiTError('adapter-unavailable', `The ${adapter} driver gave no adapter.`, installHints[adapter]);
  }
  if (adapter !== 'default') {
    const known = adapterNames.join(', ');
    throw new WebDiTError('bad-argument', `There is no adapter called "${adapter}".`, `Use one of: ${known}.`);
  }
  const software = [findSoftwareDriver('lavapipe'), findSoftwareDriver('swiftshader')];
  for (const manifest of [undefined, ...software.filter((path) => path !== undefined)]) {
    const opened = await openWith(manifest);
    if (opened) return opened;
  }
  throw new WebDiTError(
    'adapter-unavailable',
    'No GPU and no software Vulkan driver was found.',
    'Install a Vulkan driver for your GPU, or Chromium, or mesa-vulkan-drivers.',
  );
}

function requireDriver(driver: SoftwareDriver): string {
  const manifest = findSoftwareDriver(driver);
  if (manifest) return manifest;
  throw new WebDiTError('adapter-unavailable', `The ${driver} driver is not installed.`, installHints[driver]);
}

async function openWith(manifest: string | undefined): Promise<{ gpu: GPU; name: string } | undefined> {
  if (manifest) process.env.VK_ICD_FILENAMES = manifest;
  const gpu = await createGpu();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return undefined;
  const { description, device, vendor, architecture } = adapter.info;
  return { gpu, name: description || device || `${vendor} ${architecture}` };
}

// Dawn frees its instance, under the feet of every device, when its GPU object is collected.
const openedGpus: GPU[] = [];

async function createGpu(): Promise<GPU> {
  try {
    const { create, globals } = await import('webgpu');
    Object.assign(globalThis, globals);
    const gpu = create([]);
    openedGpus.push(gpu);
    return gpu;
  } catch (cause) {
    throw new WebDiTError(
      'webgpu-unavailable',
      'The webgpu package could not load its native library.',
      `Check that webgpu supports ${process.platform} ${process.arch}, and on Linux that libvulkan is installed.`,
      { cause },
    );
  }
}
