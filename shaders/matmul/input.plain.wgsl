// Input of the matmul kernels without workgroup memory: four rows x four k's, straight from memory.
@group(0) @binding(1) var<storage, read> input: array<vec4f>;  // [rows, K4]

alias Rows = vec4u;

// Where four rows from `row` start. Rows beyond the last repeat it; their results are not stored.
fn find_rows(row: u32, lane: u32) -> Rows {
  return min(row + vec4u(0u, 1u, 2u, 3u), vec4u(params.rows - 1u)) * params.K4;
}

// Column i is row i.
fn load_rows(rows: Rows, k: u32) -> Mat {
  return Mat(Vec(input[rows.x + k]), Vec(input[rows.y + k]), Vec(input[rows.z + k]), Vec(input[rows.w + k]));
}
