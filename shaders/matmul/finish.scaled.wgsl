// End of a matmul kernel over int8 weights: scales each output channel, then adds the bias.
struct Finish {
  bias: vec4f,
  scale: vec4f,
}

@group(0) @binding(3) var<storage, read> bias: array<vec4f>;  // [2, N4]: bias, scale

fn load_finish(column: u32) -> Finish { return Finish(bias[column], bias[params.N4 + column]); }

fn finish(end: Finish, value: vec4f) -> vec4f { return value * end.scale + end.bias; }
