// Keys and values straight from their buffers, four at a time: a matrix has a key in each column.
struct Invocation {
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
}

// Rows of keys first..first + 3; those beyond the end repeat the last, and their bias takes them out.
fn key_rows(place: Place, first: u32, invocation: Invocation) -> vec4u {
  let last = params.keys - 1u;
  return vec4u(
    key_row(place, min(first, last)),
    key_row(place, min(first + 1u, last)),
    key_row(place, min(first + 2u, last)),
    key_row(place, min(first + 3u, last))
  );
}

fn key_biases(place: Place, first: u32, invocation: Invocation) -> vec4f { return biases_from(place, first); }

fn load_keys(rows: vec4u, d: u32) -> mat4x4f {
  return mat4x4f(load_key(rows.x + d), load_key(rows.y + d), load_key(rows.z + d), load_key(rows.w + d));
}

fn load_values(rows: vec4u, d: u32) -> mat4x4f {
  return mat4x4f(load_value(rows.x + d), load_value(rows.y + d), load_value(rows.z + d), load_value(rows.w + d));
}
