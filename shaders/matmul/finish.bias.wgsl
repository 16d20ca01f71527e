// End of a matmul kernel: adds the bias.
alias Finish = vec4f;

@group(0) @binding(3) var<storage, read> bias: array<vec4f>;  // [N4]

fn load_finish(column: u32) -> Finish { return bias[column]; }

fn finish(end: Finish, value: vec4f) -> vec4f { return value + end; }
