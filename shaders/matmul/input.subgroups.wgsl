// As input.plain.wgsl, each row loaded by one invocation of a quad and handed to the other three. Needs `subgroups`, and that
// a quad is four invocations in a row, which share their rows; an adapter that groups them otherwise fails the numeric check.
alias Rows = u32;

fn find_rows(row: u32, lane: u32, tap: u32) -> Rows {
  return row_start(min(row + lane % 4u, params.rows - 1u), tap);
}

fn load_rows(rows: Rows, k: u32) -> Mat {
  let own = Vec(input[rows + k]);
  return Mat(quadBroadcast(own, 0u), quadBroadcast(own, 1u), quadBroadcast(own, 2u), quadBroadcast(own, 3u));
}
