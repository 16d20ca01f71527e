// Statistics of GroupNorm, second part: one workgroup puts the chunks and channels of a group together and writes what
// kernel.apply.wgsl needs: normalized = (x - mean) * scale + shift, for every channel. Sums have a fixed order.
//
// Caller: dispatches one workgroup a group. Fragment: `reduce` (common/reduce.wgsl).
override EPSILON: f32;

struct Params {
  C: u32,
  group_channels: u32,
  chunks: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> chunks: array<f32>;       // [chunks, 2 x C + 4]: as kernel.statistics.wgsl
@group(0) @binding(2) var<storage, read> weight: array<f32>;       // [C]
@group(0) @binding(3) var<storage, read> bias: array<f32>;         // [C]
@group(0) @binding(4) var<storage, read_write> table: array<f32>;  // [3, C]: mean, scale, shift

alias Sum = vec2f;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let C = params.C;
  let first = group.x * params.group_channels;
  let items = params.chunks * params.group_channels;
  let stride = 2u * C + 4u;
  // Means differ little: sums of their differences from one of them lose nothing.
  let near = chunks[first];
  var sum = vec2f();
  for (var i = lane; i < items; i += 64u) {
    let chunk = i / params.group_channels * stride;
    let count = chunks[chunk + 2u * C];
    sum += vec2f(count * (chunks[chunk + first + i % params.group_channels] - near), count);
  }
  let sums = reduce(lane, sum);
  let offset = sums.x / sums.y;
  var squares = 0.0;
  for (var i = lane; i < items; i += 64u) {
    let chunk = i / params.group_channels * stride;
    let channel = first + i % params.group_channels;
    let d = chunks[chunk + channel] - near - offset;
    squares += chunks[chunk + C + channel] + chunks[chunk + 2u * C] * d * d;
  }
  let variance = reduce(lane, vec2f(squares, 0.0)).x / sums.y;
  let inverse = 1.0 / sqrt(variance + EPSILON);
  for (var i = lane; i < params.group_channels; i += 64u) {
    let channel = first + i;
    table[channel] = near + offset;
    table[C + channel] = weight[channel] * inverse;
    table[2u * C + channel] = bias[channel];
  }
}
