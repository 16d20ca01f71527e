import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** Software Vulkan drivers Dawn can be pointed at. SwiftShader comes with Chromium, lavapipe with Mesa. */
export type SoftwareDriver = 'swiftshader' | 'lavapipe';

const manifestPattern: Record<SoftwareDriver, RegExp> = {
  swiftshader: /^vk_swiftshader_icd\.json$/,
  lavapipe: /^lvp_icd.*\.json$/,
};

/** Absolute path of the driver's Vulkan manifest (what VK_ICD_FILENAMES wants), or undefined when it is not installed. */
export function findSoftwareDriver(driver: SoftwareDriver): string | undefined {
  const folders = driver === 'lavapipe' ? vulkanFolders() : [...vulkanFolders(), ...browserFolders()];
  for (const folder of folders) {
    const manifest = list(folder).find((name) => manifestPattern[driver].test(name));
    if (manifest) return join(folder, manifest);
  }
  return undefined;
}

function vulkanFolders(): string[] {
  const roots = (process.env.XDG_DATA_DIRS || '/usr/local/share:/usr/share').split(delimiter);
  return [...roots, '/etc', join(homedir(), '.local/share')].map((root) => join(root, 'vulkan/icd.d'));
}

function browserFolders(): string[] {
  const chosen = process.env.WEBDIT_CHROMIUM;
  const folders = [
    '/usr/lib/chromium',
    '/usr/lib64/chromium-browser',
    '/usr/lib/chromium-browser',
    '/opt/google/chrome',
    '/opt/chromium.org/chromium',
  ];
  if (chosen && existsSync(chosen)) folders.unshift(dirname(realpathSync(chosen)));
  const playwright = process.env.PLAYWRIGHT_BROWSERS_PATH || join(homedir(), '.cache/ms-playwright');
  for (const browser of list(playwright).filter((name) => /^chromium-\d+$/.test(name))) {
    for (const platform of list(join(playwright, browser))) folders.push(join(playwright, browser, platform));
  }
  return folders;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // A folder that is missing or cannot be read holds no driver.
    return [];
  }
}
