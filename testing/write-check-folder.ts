import { mkdirSync, writeFileSync } from 'node:fs';
import { encodeSafetensors } from '../packages/weights/src/index.ts';
import { checkFolder, makeCheckFolder } from './check-folder.ts';
import { repositoryPath } from './repository.ts';

const { golden, tensors } = await makeCheckFolder();
const folder = repositoryPath(checkFolder);
mkdirSync(folder, { recursive: true });
const bytes = encodeSafetensors(tensors);
writeFileSync(`${folder}/golden.json`, `${JSON.stringify(golden, null, 1)}\n`);
writeFileSync(`${folder}/golden.safetensors`, bytes);
process.stdout.write(`wrote ${checkFolder}, ${bytes.length} bytes of tensors\n`);
