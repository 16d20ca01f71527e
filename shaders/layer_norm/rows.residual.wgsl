// Row r of the output is row r of the input after the residual that is due: input += gate * branch, in place. The residual of
// one block part is fused into the norm of the next, so that the matmul between them has one output.
struct Params {
  rows: u32,
  tokens: u32,             // tokens per batch row
  shift_offset: u32,       // in vec4: layer and part inside the table, for table row 0
  scale_offset: u32,
  modulation_stride: u32,  // in vec4, from one table row to the next
  gate_offset: u32,        // as shift_offset and modulation_stride, for the gate, whose layer may be another
  gate_stride: u32,
  branch_offset: u32,      // in vec4
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> input: array<vec4f>;  // [rows, C4]
@group(0) @binding(4) var<storage, read> branch: array<vec4f>;       // [rows, C4] from branch_offset

fn batch_of(row: u32) -> u32 { return row / params.tokens; }

fn source_row(row: u32) -> u32 { return row; }

fn load(row: u32, column: u32) -> vec4f {
  let i = row * C4 + column;
  let gate = modulation[params.gate_offset + (step.modulation_row + batch_of(row)) * params.gate_stride + column];
  let value = input[i] + gate * branch[params.branch_offset + i];
  input[i] = value;
  return value;
}
