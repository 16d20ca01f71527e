// Hands four finished rows of a matmul to the epilogue. What lies beyond the last row or column is dropped.
fn store_rows(row: u32, column: u32, values: mat4x4f) {
  if (column >= params.N4) { return; }
  let end = load_finish(column);
  if (row < params.rows) { epilogue(row, column, finish(end, values[0])); }
  if (row + 1u < params.rows) { epilogue(row + 1u, column, finish(end, values[1])); }
  if (row + 2u < params.rows) { epilogue(row + 2u, column, finish(end, values[2])); }
  if (row + 3u < params.rows) { epilogue(row + 3u, column, finish(end, values[3])); }
}
