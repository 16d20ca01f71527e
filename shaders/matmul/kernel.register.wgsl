// Linear layer: epilogue(input [rows, K] x weights [K, N] + bias [N]), tiled in registers only.
//
// One invocation computes 4R rows x 4C columns, column groups LANES_X apart so that neighbours load neighbours. Four steps
// of K are one 4x4 matrix product: the columns of `w` are four k's (vec4 along N), the columns of `a` are four rows (vec4
// along K), so column i of `acc` is row i of the result. No workgroup memory and no barrier: the choice for adapters that
// run on a CPU.
//
// Unrolled: $r over R, $c over C. Caller: K and N are multiples of 4; prepends the constants LANES_X, LANES_Y, R and C;
// dispatch ceil(N4 / (LANES_X * C)) x ceil(rows / (LANES_Y * 4R)), rows from `first_row` on.
// Fragments: rows.* at binding 1, input.*, weights.* at 2, finish.* at 3, epilogue.* from 4, store_rows. With the rows of conv/ it is a
// convolution: for each tap a product of rows that lie elsewhere; the weights' rows are (k x TAPS + tap).
@compute @workgroup_size(LANES_X, LANES_Y)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let N4 = params.N4;
  let row = params.first_row + (group.y * LANES_Y + local.y) * 4u * R;
  if (row >= params.rows) { return; }
  let column = group.x * LANES_X * C + local.x;
  let step = TAPS * N4;
  var acc$r$c = mat4x4f();
  for (var tap = 0u; tap < taps(); tap++) {
    // A column group beyond N is computed from the last column and not stored.
    var i$c = tap * N4 + min(column + $cu * LANES_X, N4 - 1u);
    let rows$r = find_rows(row + 4u * $ru, local.x, tap);
    for (var k = 0u; k < params.K4; k++) {
      let w$c = Mat(load_weight(i$c), load_weight(i$c + step), load_weight(i$c + 2u * step), load_weight(i$c + 3u * step));
      i$c += 4u * step;
      let a$r = load_rows(rows$r, k);
      acc$r$c += multiply(w$c, a$r);
    }
  }
  store_rows(row + 4u * $ru, column + $cu * LANES_X, acc$r$c);
}
