// accumulator = add * values + keep * accumulator, element by element. With keep = 0 what was there is not read, so that it may be
// anything.
// Caller: dispatch over count / 64 workgroups, flat.
struct Params {
  count: u32,  // in vec4
  add: f32,
  keep: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<vec4f>;             // [count]
@group(0) @binding(2) var<storage, read_write> accumulator: array<vec4f>;  // [count]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  if (item >= params.count) { return; }
  var sum = params.add * values[item];
  if (params.keep != 0.0) { sum = sum + params.keep * accumulator[item]; }
  accumulator[item] = sum;
}
