// Classifier-free guidance and the sampler update, in place:
//   latents = sample * latents + prediction * output + history * x0 + noise * z,   x0 = x0_sample * latents + x0_prediction * output,
// where x0 on the right is what the step before left in `x0`, `latents` on the right those before this step, and z row n of `noise`
// in step n. In a step whose history is 0, such as the first, the old x0 is not read; in one whose noise is 0, `noise` is not.
//
// With two batch rows (conditional, unconditional) output = uncond + guidance_scale * (cond - uncond) on the first
// guidance_channels channels and cond on the others; with one row output = cond. A model with learned sigma predicts more
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
@group(0) @binding(3) var<storage, read_write> x0: array<f32>;       // [latent channels, PLANE]
@group(0) @binding(4) var<storage, read> noise: array<f32>;          // [steps, latent channels, PLANE]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  if (item >= params.count) { return; }
  var output = prediction[item];
  if (params.batch == 2u && item / PLANE < step.guidance_channels) {
    let uncond = prediction[ROW_STRIDE + item];
    output = uncond + step.guidance_scale * (output - uncond);
  }
  let before = latents[item];
  var after = step.sample * before + step.prediction * output;
  if (step.history != 0.0) { after += step.history * x0[item]; }
  if (step.noise != 0.0) { after += step.noise * noise[step.n * params.count + item]; }
  x0[item] = step.x0_sample * before + step.x0_prediction * output;
  latents[item] = after;
}
