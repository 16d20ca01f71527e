// Four f32: rows a to d of a block become its columns, from `out` of the output on.
alias Four = vec4f;

fn store_block(out: u32, a: Four, b: Four, c: Four, d: Four) {
  output[out] = vec4f(a.x, b.x, c.x, d.x);
  output[out + params.N4] = vec4f(a.y, b.y, c.y, d.y);
  output[out + 2u * params.N4] = vec4f(a.z, b.z, c.z, d.z);
  output[out + 3u * params.N4] = vec4f(a.w, b.w, c.w, d.w);
}
