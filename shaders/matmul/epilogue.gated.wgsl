// Epilogue: output[row, column] += gate * value, the adaLN-gated residual. The gate is one vector of the modulation
// table, the same for all tokens of a batch row.
struct Params {
  rows: u32,
  K4: u32,
  N4: u32,
  tokens: u32,             // tokens per batch row
  gate_offset: u32,        // in vec4: layer and part inside the table, for table row 0
  modulation_stride: u32,  // in vec4, from one table row to the next
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(4) var<storage, read_write> output: array<vec4f>;  // [rows, N4]
@group(0) @binding(5) var<storage, read> modulation: array<vec4f>;

fn epilogue(row: u32, column: u32, value: vec4f) {
  let table_row = step.modulation_row + row / params.tokens;
  let gate = modulation[params.gate_offset + table_row * params.modulation_stride + column];
  let i = row * params.N4 + column;
  output[i] = output[i] + gate * value;
}
