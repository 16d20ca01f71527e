// Input of the matmul kernels without workgroup memory: four rows x four k's, straight from memory.
alias Rows = vec4u;

// Where four rows from `row` start. Rows beyond the last repeat it; their results are not stored.
fn find_rows(row: u32, lane: u32, tap: u32) -> Rows {
  let rows = min(row + vec4u(0u, 1u, 2u, 3u), vec4u(params.rows - 1u));
  return vec4u(row_start(rows.x, tap), row_start(rows.y, tap), row_start(rows.z, tap), row_start(rows.w, tap));
}

// Column i is row i.
fn load_rows(rows: Rows, k: u32) -> Mat {
  return Mat(Vec(input[rows.x + k]), Vec(input[rows.y + k]), Vec(input[rows.z + k]), Vec(input[rows.w + k]));
}
