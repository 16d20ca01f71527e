// Weight upload: input [rows, K] as PyTorch stores a linear's weight -> output [K, N], columns from `column` on. Bits are moved, never
// converted.
//
// One invocation moves a 4 x 4 block. Caller: prepends a block.*.wgsl, which has the type of four elements, `Four`, and
// `store_block`; rows, K, N and column are multiples of 4; dispatch over (rows / 4) * (K / 4) / 64 workgroups, flat.
struct Params {
  rows4: u32,
  K4: u32,
  N4: u32,
  column4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Four>;         // [rows, K4]
@group(0) @binding(2) var<storage, read_write> output: array<Four>;  // [K, N4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  if (item >= params.rows4 * params.K4) { return; }
  let row4 = item / params.K4;
  let k4 = item % params.K4;
  let first = row4 * 4u * params.K4 + k4;
  store_block(
    k4 * 4u * params.N4 + params.column4 + row4,
    input[first],
    input[first + params.K4],
    input[first + 2u * params.K4],
    input[first + 3u * params.K4],
  );
}
