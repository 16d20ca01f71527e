// Classifier-free guidance and the sampler update, in place: latents = sample * latents + prediction * eps.
//
// With two batch rows (conditional, unconditional) eps = uncond + guidance_scale * (cond - uncond) on the first
// guidance_channels channels and cond on the others; with one row eps = cond. A model with learned sigma predicts more
// channels than the latents have; the extra ones are not read.
// Caller: dispatch over count / 64 workgroups, flat.
override PLANE: u32;        // latent height * width
override ROW_STRIDE: u32;   // elements of one batch row of the prediction

struct Params {
  count: u32,  // elements of the latents
  batch: u32,  // 1 or 2
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> prediction: array<f32>;     // [batch, model channels, PLANE]
@group(0) @binding(2) var<storage, read_write> latents: array<f32>;  // [latent channels, PLANE]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  if (item >= params.count) { return; }
  var eps = prediction[item];
  if (params.batch == 2u && item / PLANE < step.guidance_channels) {
    let uncond = prediction[ROW_STRIDE + item];
    eps = uncond + step.guidance_scale * (eps - uncond);
  }
  latents[item] = step.sample * latents[item] + step.prediction * eps;
}
