// Epilogue: output[row, column] = activation(value).
struct Params {
  rows: u32,
  K4: u32,
  N4: u32,
  first_row: u32,      // row of the dispatch's first workgroup
  output_offset: u32,  // in vec4
  output_width4: u32,  // a whole output row, of which these may be some columns
  activation: u32,     // 0 none, 1 GELU (tanh form), 2 SiLU; no constant, since a compiler takes long for each pipeline
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(4) var<storage, read_write> output: array<vec4f>;  // rows of output_width4 from output_offset

fn epilogue(row: u32, column: u32, value: vec4f) {
  var result = value;
  if (params.activation == 1u) {
    // x * (1 + tanh(u)) / 2 = x / (1 + exp(-2u)): one exp, and no overflow where tanh would have one.
    let u = 0.7978845608028654 * (value + 0.044715 * value * value * value);
    result = value / (1.0 + exp(-2.0 * max(u, vec4f(-40.0))));
  } else if (params.activation == 2u) {
    result = value / (1.0 + exp(-max(value, vec4f(-80.0))));
  }
  output[params.output_offset + row * params.output_width4 + column] = result;
}
