// Four halves, two a u32: rows a to d of a block become its columns, from `out` of the output on.
alias Four = vec2u;

fn low_halves(a: u32, b: u32) -> u32 { return (a & 0xffffu) | (b << 16u); }
fn high_halves(a: u32, b: u32) -> u32 { return (a >> 16u) | (b & 0xffff0000u); }

fn store_block(out: u32, a: Four, b: Four, c: Four, d: Four) {
  output[out] = vec2u(low_halves(a.x, b.x), low_halves(c.x, d.x));
  output[out + params.N4] = vec2u(high_halves(a.x, b.x), high_halves(c.x, d.x));
  output[out + 2u * params.N4] = vec2u(low_halves(a.y, b.y), low_halves(c.y, d.y));
  output[out + 3u * params.N4] = vec2u(high_halves(a.y, b.y), high_halves(c.y, d.y));
}
