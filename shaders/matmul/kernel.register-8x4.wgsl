// Linear layer, register-tiled: epilogue(input [rows, K] x weights [K, N] + bias [N]).
//
// One invocation computes 8 rows x 4 columns. Four steps of K are one 4x4 matrix product: the columns of `w` are four
// k's (vec4 along N), the columns of `a` are four rows (vec4 along K), so column i of `acc` is output row i. No workgroup
// memory, no barrier: the choice for adapters that run on a CPU.
//
// Caller: K and N are multiples of 4; dispatch ceil(N4 / 8) x ceil(rows / 64).
// Fragments: input at binding 1 (load_tiles.wgsl), `load_weight` (common/weights.*) at 2, bias and `store_rows` at 3,
// `epilogue` (epilogue.*) from 4.
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let K4 = params.K4;
  let N4 = params.N4;
  let column = id.x;
  let row = id.y * 8u;
  if (column >= N4 || row >= params.rows) { return; }
  var acc0 = mat4x4f();
  var acc1 = mat4x4f();
  var index = column;
  for (var k = 0u; k < K4; k++) {
    let w = load_columns(index);
    index += 4u * N4;
    acc0 += w * load_rows(row, k);
    acc1 += w * load_rows(row + 4u, k);
  }
  store_rows(row, column, acc0);
  store_rows(row + 4u, column, acc1);
}
