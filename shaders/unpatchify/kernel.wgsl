// Unpatchify: tokens [batch, tokens, PATCH, PATCH, CHANNELS] (channel fastest) -> [batch, CHANNELS, HEIGHT, WIDTH].
//
// One invocation per output element. Caller: dispatch over count / 64 workgroups, flat.
override CHANNELS: u32;
override HEIGHT: u32;
override WIDTH: u32;
override PATCH: u32;

struct Params {
  count: u32,  // elements of the output
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  if (item >= params.count) { return; }
  let x = item % WIDTH;
  let y = (item / WIDTH) % HEIGHT;
  let channel = (item / (HEIGHT * WIDTH)) % CHANNELS;
  let batch = item / (HEIGHT * WIDTH * CHANNELS);
  let token = (batch * (HEIGHT / PATCH) + y / PATCH) * (WIDTH / PATCH) + x / PATCH;
  output[item] = input[((token * PATCH + y % PATCH) * PATCH + x % PATCH) * CHANNELS + channel];
}
