// Patchify and embed: output[b, token, :] = weights x patch(sample_b, token) + bias + position[token, :].
//
// One invocation per (batch row, token, four columns). A patch is read (channel, row, column), channel slowest, as
// PyTorch's convolution does.
//
// Caller: dispatch over rows * C4 / 64 workgroups, flat.
override C4: u32;
override CHANNELS: u32;
override HEIGHT: u32;  // of the latents
override WIDTH: u32;
override PATCH: u32;

struct Params {
  rows: u32,           // batch * tokens
  sample_stride: u32,  // elements from one batch row's sample to the next; 0 when a CFG pair shares its latents
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sample: array<f32>;          // [batch or 1, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;       // [CHANNELS * PATCH * PATCH, C4]
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;          // [C4]
@group(0) @binding(4) var<storage, read> position: array<vec4f>;      // [tokens, C4]
@group(0) @binding(5) var<storage, read_write> output: array<vec4f>;  // [rows, C4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  let row = item / C4;
  let column = item % C4;
  if (row >= params.rows) { return; }
  let columns = WIDTH / PATCH;
  let tokens = HEIGHT / PATCH * columns;
  let token = row % tokens;
  let corner = (row / tokens) * params.sample_stride + (token / columns) * PATCH * WIDTH + (token % columns) * PATCH;
  var sum = bias[column] + position[token * C4 + column];
  for (var k = 0u; k < CHANNELS * PATCH * PATCH; k++) {
    let channel = k / (PATCH * PATCH);
    let y = (k / PATCH) % PATCH;
    let x = k % PATCH;
    sum = fma(vec4f(sample[corner + (channel * HEIGHT + y) * WIDTH + x]), weights[k * C4 + column], sum);
  }
  output[item] = sum;
}
