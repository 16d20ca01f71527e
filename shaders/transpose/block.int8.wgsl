// Four bytes of a u32: rows a to d of a block become its columns, from `out` of the output on.
alias Four = u32;

fn store_block(out: u32, a: Four, b: Four, c: Four, d: Four) {
  let rows = vec4u(a, b, c, d);
  for (var k = 0u; k < 4u; k += 1u) {
    let column = ((rows >> vec4u(8u * k)) & vec4u(0xffu)) << vec4u(0u, 8u, 16u, 24u);
    output[out + k * params.N4] = column.x | column.y | column.z | column.w;
  }
}
