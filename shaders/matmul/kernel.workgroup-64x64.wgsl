// Linear layer, workgroup- and register-tiled: epilogue(input [rows, K] x weights [K, N] + bias [N]).
//
// A workgroup of 8 x 8 computes 64 rows x 64 columns, each invocation 8 x 8, over tiles of 16 k's kept in workgroup
// memory. The 4x4 matrix products are those of kernel.register-8x4.wgsl. The choice for hardware adapters.
//
// Caller: K and N are multiples of 4; dispatch ceil(N4 / 16) x ceil(rows / 64).
// Fragments: `load_weight` (common/weights.*) at binding 2, bias and `store_rows` at 3, `epilogue` (epilogue.*) from 4.
@group(0) @binding(1) var<storage, read> input: array<vec4f>;  // [rows, K4]

const TILE_K4 = 4u;       // 16 k's
const TILE_ROWS = 64u;
const TILE_N4 = 16u;      // 64 columns

var<workgroup> input_tile: array<vec4f, 256>;   // [TILE_ROWS][TILE_K4]
var<workgroup> weight_tile: array<vec4f, 256>;  // [4 * TILE_K4][TILE_N4]

fn input_rows(row: u32, k: u32) -> mat4x4f {
  let i = row * TILE_K4 + k;
  return mat4x4f(input_tile[i], input_tile[i + TILE_K4], input_tile[i + 2u * TILE_K4], input_tile[i + 3u * TILE_K4]);
}

fn weight_columns(column: u32, k: u32) -> mat4x4f {
  let i = k * 4u * TILE_N4 + column;
  return mat4x4f(weight_tile[i], weight_tile[i + TILE_N4], weight_tile[i + 2u * TILE_N4], weight_tile[i + 3u * TILE_N4]);
}

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let K4 = params.K4;
  let N4 = params.N4;
  let first_row = group.y * TILE_ROWS;
  let first_column = group.x * TILE_N4;
  let row = local.y * 8u;
  var acc00 = mat4x4f();
  var acc01 = mat4x4f();
  var acc10 = mat4x4f();
  var acc11 = mat4x4f();
  for (var base = 0u; base < K4; base += TILE_K4) {
    for (var i = lane; i < TILE_ROWS * TILE_K4; i += 64u) {
      let r = first_row + i / TILE_K4;
      let k = base + i % TILE_K4;
      input_tile[i] = vec4f();
      if (r < params.rows && k < K4) { input_tile[i] = input[r * K4 + k]; }
    }
    for (var i = lane; i < 4u * TILE_K4 * TILE_N4; i += 64u) {
      let k = base * 4u + i / TILE_N4;
      let column = first_column + i % TILE_N4;
      weight_tile[i] = vec4f();
      if (k < 4u * K4 && column < N4) { weight_tile[i] = load_weight(k * N4 + column); }
    }
    workgroupBarrier();
    for (var k = 0u; k < TILE_K4; k++) {
      let w0 = weight_columns(local.x, k);
      let w1 = weight_columns(local.x + 8u, k);
      let a0 = input_rows(row, k);
      let a1 = input_rows(row + 4u, k);
      acc00 += w0 * a0;
      acc01 += w1 * a0;
      acc10 += w0 * a1;
      acc11 += w1 * a1;
    }
    workgroupBarrier();
  }
  let column = first_column + local.x;
  store_rows(first_row + row, column, acc00);
  store_rows(first_row + row, column + 8u, acc01);
  store_rows(first_row + row + 4u, column, acc10);
  store_rows(first_row + row + 4u, column + 8u, acc11);
}
