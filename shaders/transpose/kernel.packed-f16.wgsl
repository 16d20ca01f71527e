// Weight upload, packed halves: input [rows, K] as PyTorch stores a linear's weight -> output [K, N], columns from
// `column` on. Two halves a u32, four a vec2u; bits are moved, never converted.
//
// One invocation moves a 4 x 4 block. Caller: rows, K, N and column are multiples of 4; dispatch over
// (rows / 4) * (K / 4) / 64 workgroups, flat.
struct Params {
  rows4: u32,
  K4: u32,
  N4: u32,
  column4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec2u>;         // [rows, K4]
@group(0) @binding(2) var<storage, read_write> output: array<vec2u>;  // [K, N4]

fn low_halves(a: u32, b: u32) -> u32 { return (a & 0xffffu) | (b << 16u); }
fn high_halves(a: u32, b: u32) -> u32 { return (a >> 16u) | (b & 0xffff0000u); }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  if (item >= params.rows4 * params.K4) { return; }
  let row4 = item / params.K4;
  let k4 = item % params.K4;
  let first = row4 * 4u * params.K4 + k4;
  let a = input[first];
  let b = input[first + params.K4];
  let c = input[first + 2u * params.K4];
  let d = input[first + 3u * params.K4];
  let out = k4 * 4u * params.N4 + params.column4 + row4;
  output[out] = vec2u(low_halves(a.x, b.x), low_halves(c.x, d.x));
  output[out + params.N4] = vec2u(high_halves(a.x, b.x), high_halves(c.x, d.x));
  output[out + 2u * params.N4] = vec2u(low_halves(a.y, b.y), low_halves(c.y, d.y));
  output[out + 3u * params.N4] = vec2u(high_halves(a.y, b.y), high_halves(c.y, d.y));
}
