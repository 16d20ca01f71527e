// What changes from one step to the next: one 256-byte slot of a per-run table, chosen by a dynamic offset.
struct Step {
  n: u32,                  // step index in denoising order
  modulation_row: u32,     // row of the modulation table that belongs to batch row 0 of this step
  condition_row: u32,      // first row of `conditions` for the chunk that starts at this step
  guidance_channels: u32,  // CFG applies to the first channels; the others take the conditional prediction
  guidance_scale: f32,
  sample: f32,             // sampler: x' = sample * x + prediction * output + history * the x0 before + noise * z
  prediction: f32,
  x0_sample: f32,          // x0 = x0_sample * x + x0_prediction * output
  x0_prediction: f32,
  history: f32,
  noise: f32,
}

@group(1) @binding(0) var<uniform> step: Step;
