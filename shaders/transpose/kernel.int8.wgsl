// Weight upload, bytes: input [rows, K] as an int8 file holds a linear's weight -> output [K, N], columns from `column` on.
// Four bytes a u32; bits are moved, never converted.
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
@group(0) @binding(1) var<storage, read> input: array<u32>;         // [rows, K4]
@group(0) @binding(2) var<storage, read_write> output: array<u32>;  // [K, N4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  if (item >= params.rows4 * params.K4) { return; }
  let row4 = item / params.K4;
  let k4 = item % params.K4;
  let first = row4 * 4u * params.K4 + k4;
  let rows = vec4u(
    input[first],
    input[first + params.K4],
    input[first + 2u * params.K4],
    input[first + 3u * params.K4],
  );
  let out = k4 * 4u * params.N4 + params.column4 + row4;
  for (var k = 0u; k < 4u; k += 1u) {
    let column = ((rows >> vec4u(8u * k)) & vec4u(0xffu)) << vec4u(0u, 8u, 16u, 24u);
    output[out + k * params.N4] = column.x | column.y | column.z | column.w;
  }
}
