// Unpatchify: tokens [batch, tokens, PATCH, PATCH, CHANNELS] (channel fastest) -> [batch, CHANNELS, SIZE, SIZE].
//
// One invocation per output element. Caller: dispatch over count / 64 workgroups, flat.
override CHANNELS: u32;
override SIZE: u32;
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
  let x = item % SIZE;
  let y = (item / SIZE) % SIZE;
  let channel = (item / (SIZE * SIZE)) % CHANNELS;
  let batch = item / (SIZE * SIZE * CHANNELS);
  let side = SIZE / PATCH;
  let token = (batch * side + y / PATCH) * side + x / PATCH;
  output[item] = input[((token * PATCH + y % PATCH) * PATCH + x % PATCH) * CHANNELS + channel];
}
