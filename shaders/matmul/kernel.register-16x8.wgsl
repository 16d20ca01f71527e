// Linear layer, register-tiled: epilogue(input [rows, K] x weights [K, N] + bias [N]).
//
// As kernel.register-8x4.wgsl, with 16 rows x 8 columns an invocation: half the loads per product, but eight 4x4
// accumulators, which pays where registers are plenty and loads are dear.
//
// Caller: K and N are multiples of 4; dispatch ceil(N4 / 16) x ceil(rows / 64).
// Fragments: input at binding 1 (load_tiles.wgsl), `load_weight` (common/weights.*) at 2, bias and `store_rows` at 3,
// `epilogue` (epilogue.*) from 4.
const LANES_X = 8u;  // the two column groups of an invocation lie this many vec4 apart

@compute @workgroup_size(8, 4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let column = group.x * 2u * LANES_X + local.x;
  let row = (group.y * 4u + local.y) * 16u;
  if (column >= params.N4 || row >= params.rows) { return; }
  // A column group beyond N is computed from the last column and not stored.
  let second = min(column + LANES_X, params.N4 - 1u) - column;
  var acc00 = mat4x4f();
  var acc01 = mat4x4f();
  var acc10 = mat4x4f();
  var acc11 = mat4x4f();
  var acc20 = mat4x4f();
  var acc21 = mat4x4f();
  var acc30 = mat4x4f();
  var acc31 = mat4x4f();
  var index = column;
  for (var k = 0u; k < params.K4; k++) {
    let w0 = load_columns(index);
    let w1 = load_columns(index + second);
    index += 4u * params.N4;
    let a0 = load_rows(row, k);
    acc00 += w0 * a0;
    acc01 += w1 * a0;
    let a1 = load_rows(row + 4u, k);
    acc10 += w0 * a1;
    acc11 += w1 * a1;
    let a2 = load_rows(row + 8u, k);
    acc20 += w0 * a2;
    acc21 += w1 * a2;
    let a3 = load_rows(row + 12u, k);
    acc30 += w0 * a3;
    acc31 += w1 * a3;
  }
  store_rows(row, column, acc00);
  store_rows(row, column + LANES_X, acc01);
  store_rows(row + 4u, column, acc10);
  store_rows(row + 4u, column + LANES_X, acc11);
  store_rows(row + 8u, column, acc20);
  store_rows(row + 8u, column + LANES_X, acc21);
  store_rows(row + 12u, column, acc30);
  store_rows(row + 12u, column + LANES_X, acc31);
}
