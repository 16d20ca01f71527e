// Softmax of rows, in place: values [rows, N4] become exp(scale x (value - largest)) / sum over the first `count` of each row. What
// lies behind them, to fill up the row, becomes zero.
//
// One workgroup a row. Caller: dispatches one workgroup a row, folded into y beyond 65535.
// Fragment: `reduce` (common/reduce.wgsl), whose `partial` holds the maxima before.
struct Params {
  rows: u32,
  N4: u32,
  count: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> values: array<vec4f>;

const LOWEST = -3.4e38;

alias Sum = f32;

// 1 for the four places from i on that are values, 0 for those behind.
fn places(i: u32) -> vec4<bool> { return vec4u(0u, 1u, 2u, 3u) + 4u * i < vec4u(params.count); }

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= params.rows) { return; }
  let base = row * params.N4;
  var top = vec4f(LOWEST);
  for (var i = lane; i < params.N4; i += 64u) { top = max(top, select(vec4f(LOWEST), values[base + i], places(i))); }
  partial[lane] = max(max(top.x, top.y), max(top.z, top.w));
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] = max(partial[lane], partial[lane + half]); }
    workgroupBarrier();
  }
  let largest = partial[0];
  workgroupBarrier();
  var sum = vec4f();
  for (var i = lane; i < params.N4; i += 64u) {
    let weight = select(vec4f(), exp((values[base + i] - largest) * params.scale), places(i));
    values[base + i] = weight;
    sum += weight;
  }
  let inverse = 1.0 / reduce(lane, dot(sum, vec4f(1.0)));
  for (var i = lane; i < params.N4; i += 64u) { values[base + i] *= inverse; }
}
