// Loads shared by the register-tiled matmul kernels: 4 x 4 blocks straight from memory.
@group(0) @binding(1) var<storage, read> input: array<vec4f>;  // [rows, K4]

// Four rows from `row`, four k's: column i is row `row + i`. Rows beyond the last repeat it; their results are not stored.
fn load_rows(row: u32, k: u32) -> mat4x4f {
  let last = params.rows - 1u;
  return mat4x4f(
    input[min(row, last) * params.K4 + k],
    input[min(row + 1u, last) * params.K4 + k],
    input[min(row + 2u, last) * params.K4 + k],
    input[min(row + 3u, last) * params.K4 + k],
  );
}

// Four k's, four columns: column i is k + i.
fn load_columns(index: u32) -> mat4x4f {
  let N4 = params.N4;
  return mat4x4f(load_weight(index), load_weight(index + N4), load_weight(index + 2u * N4), load_weight(index + 3u * N4));
}
