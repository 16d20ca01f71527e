/** Files of a folder of the native or the diffusers layout. */
export const indexPath = 'model_index.json';
export const transformerConfigPath = 'transformer/config.json';
export const transformerWeightsPath = 'transformer/diffusion_pytorch_model.safetensors';
export const schedulerPath = 'scheduler/scheduler_config.json';

/** Files of an original folder. */
export const originalWeightsPath = 'model.safetensors';
export const originalConfigPath = 'config.json';

/** Of a VAE, whatever runs it. */
export const vaeConfigPath = 'vae/config.json';
