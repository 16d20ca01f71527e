// Linear layer: epilogue(input [rows, K] x weights [K, N] + bias [N]), tiled in workgroup memory and registers.
//
// A workgroup computes LANES_Y * 4R rows x LANES_X * 4C columns, each invocation 4R x 4C by the 4x4 matrix products of
// kernel.register.wgsl, over tiles of 4 * DEPTH4 k's in workgroup memory. Rows of the input tile are one vec4 longer than
// they need be, so that neighbouring rows do not meet in one memory bank. The choice for hardware adapters.
//
// Unrolled: $r over R, $c over C. Caller: K and N are multiples of 4; prepends the constants LANES_X, LANES_Y, R, C and
// DEPTH4; dispatch ceil(N4 / (LANES_X * C)) x ceil(rows / (LANES_Y * 4R)), rows from `first_row` on.
// Fragments: rows.* at binding 1, as in kernel.register.wgsl, weights.* at 2, finish.* at 3, epilogue.* from 4, store_rows.
const LANES = LANES_X * LANES_Y;
const TILE_ROWS = LANES_Y * 4u * R;
const TILE_N4 = LANES_X * C;
const ROW = DEPTH4 + 1u;

var<workgroup> input_tile: array<Vec, TILE_ROWS * ROW>;
var<workgroup> weight_tile: array<Vec, 4u * DEPTH4 * TILE_N4>;

fn tile_rows(row: u32, k: u32) -> Mat {
  let i = row * ROW + k;
  return Mat(input_tile[i], input_tile[i + ROW], input_tile[i + 2u * ROW], input_tile[i + 3u * ROW]);
}

fn tile_columns(column: u32, k: u32) -> Mat {
  let i = k * 4u * TILE_N4 + column;
  return Mat(weight_tile[i], weight_tile[i + TILE_N4], weight_tile[i + 2u * TILE_N4], weight_tile[i + 3u * TILE_N4]);
}

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let K4 = params.K4;
  let N4 = params.N4;
  let first_row = params.first_row + group.y * TILE_ROWS;
  let first_column = group.x * TILE_N4;
  let row = local.y * 4u * R;
  var acc$r$c = mat4x4f();
  for (var tap = 0u; tap < taps(); tap++) {
    for (var base = 0u; base < K4; base += DEPTH4) {
      for (var i = lane; i < TILE_ROWS * DEPTH4; i += LANES) {
        let r = first_row + i / DEPTH4;
        let k = base + i % DEPTH4;
        var loaded = Vec();
        if (r < params.rows && k < K4) { loaded = Vec(input[row_start(r, tap) + k]); }
        input_tile[i / DEPTH4 * ROW + i % DEPTH4] = loaded;
      }
      for (var i = lane; i < 4u * DEPTH4 * TILE_N4; i += LANES) {
        let k = base * 4u + i / TILE_N4;
        let column = first_column + i % TILE_N4;
        var loaded = Vec();
        if (k < 4u * K4 && column < N4) { loaded = load_weight((k * TAPS + tap) * N4 + column); }
        weight_tile[i] = loaded;
      }
      workgroupBarrier();
      for (var k = 0u; k < DEPTH4; k++) {
        let w$c = tile_columns(local.x + $cu * LANES_X, k);
        let a$r = tile_rows(row + 4u * $ru, k);
        acc$r$c += multiply(w$c, a$r);
      }
      workgroupBarrier();
    }
  }
  let column = first_column + local.x;
  store_rows(first_row + row + 4u * $ru, column + $cu * LANES_X, acc$r$c);
}
