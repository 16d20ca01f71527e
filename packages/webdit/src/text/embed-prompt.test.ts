import { pathSource } from '@webdit/weights/node';
import { expect, it } from 'vitest';
import { repositoryPath } from '../../../../testing/repository.ts';
import { embedPrompt } from './embed-prompt.ts';

const embed = (model: string, input: object = { prompt: 'a fox' }) =>
  embedPrompt(pathSource(repositoryPath(model)), input as { prompt: string }, { wasmPaths: '/nowhere/' });

it('refuses models that read no prompts, and those without a text encoder', async () => {
  await expect(embed('models/emoji-dit')).rejects.toMatchObject({
    code: 'bad-argument',
    message: 'This model draws one of its classes and does not read prompts.',
  });
  await expect(embed('goldens/pixart-tiny')).rejects.toMatchObject({
    code: 'unsupported-config',
    message: expect.stringMatching(/pixart-tiny has no text encoder that can be used here\.$/),
    remedy: "Make the embeddings with the model's own text encoder in PyTorch.",
  });
});

it('refuses what is no text, before it opens anything', async () => {
  await expect(embed('nowhere', { prompt: 7 })).rejects.toMatchObject({
    code: 'bad-argument',
    message: 'prompt is 7.',
  });
});
