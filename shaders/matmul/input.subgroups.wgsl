// As input.plain.wgsl, each row loaded by one invocation of a quad and handed to the other three. Needs `subgroups`, and that
// a quad is four invocations in a row, which share their rows; an adapter that groups them otherwise fails the numeric check.
@group(0) @binding(1) var<storage, read> input: array<vec4f>;  // [rows, K4]

alias Rows = u32;

fn find_rows(row: u32, lane: u32) -> Rows {
  return min(row + lane % 4u, params.rows - 1u) * params.K4;
}

fn load_rows(rows: Rows, k: u32) -> Mat {
  let own = Vec(input[rows + k]);
  return Mat(quadBroadcast(own, 0u), quadBroadcast(own, 1u), quadBroadcast(own, 2u), quadBroadcast(own, 3u));
}
