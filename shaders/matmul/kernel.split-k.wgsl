// Linear layer: epilogue(input [rows, K] x weights [K, N] + bias [N]), K split over the invocations of a workgroup.
//
// For few rows, where tiles of rows x columns leave most of a GPU idle. A workgroup computes 4R rows x 4 * LANES_X columns;
// invocation (x, y) sums column x over every LANES_Y-th group of four k's by the 4x4 matrix products of
// kernel.register.wgsl. The partial sums meet in workgroup memory and are added in the order of y, always the same.
//
// Unrolled: $r over R. Caller: K and N are multiples of 4; prepends the constants LANES_X, LANES_Y and R, with
// 4R <= LANES_Y; dispatch ceil(N4 / LANES_X) x ceil(rows / 4R), rows from `first_row` on.
// Fragments: rows.matrix at binding 1, input.plain, weights.* at 2, finish.* at 3, epilogue.* from 4.
var<workgroup> partial: array<vec4f, LANES_Y * LANES_X * 4u * R>;  // [y][row][x]

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let N4 = params.N4;
  let first = params.first_row + group.y * 4u * R;
  let column = group.x * LANES_X + local.x;
  let rows$r = find_rows(first + 4u * $ru, local.x, 0u);
  var acc$r = mat4x4f();
  var i = min(column, N4 - 1u) + local.y * 4u * N4;
  for (var k = local.y; k < params.K4; k += LANES_Y) {
    let w = Mat(load_weight(i), load_weight(i + N4), load_weight(i + 2u * N4), load_weight(i + 3u * N4));
    i += LANES_Y * 4u * N4;
    acc$r += multiply(w, load_rows(rows$r, k));
  }
  let at$r = (local.y * 4u * R + 4u * $ru) * LANES_X + local.x;
  partial[at$r] = acc$r[0];
  partial[at$r + LANES_X] = acc$r[1];
  partial[at$r + 2u * LANES_X] = acc$r[2];
  partial[at$r + 3u * LANES_X] = acc$r[3];
  workgroupBarrier();
  let row = first + local.y;
  if (local.y >= 4u * R || row >= params.rows || column >= N4) { return; }
  var sum = vec4f();
  for (var y = 0u; y < LANES_Y; y++) { sum += partial[(y * 4u * R + local.y) * LANES_X + local.x]; }
  epilogue(row, column, finish(load_finish(column), sum));
}
