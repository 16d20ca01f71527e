// Shared end of the matmul kernels: adds the bias and hands four finished rows to the epilogue.
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;  // [N4]

fn store_rows(row: u32, column: u32, values: mat4x4f) {
  if (column >= params.N4) { return; }
  let b = bias[column];
  if (row < params.rows) { epilogue(row, column, values[0] + b); }
  if (row + 1u < params.rows) { epilogue(row + 1u, column, values[1] + b); }
  if (row + 2u < params.rows) { epilogue(row + 2u, column, values[2] + b); }
  if (row + 3u < params.rows) { epilogue(row + 3u, column, values[3] + b); }
}
