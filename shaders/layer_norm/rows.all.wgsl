// Row r of the output is row r of the input.
struct Params {
  rows: u32,
  tokens: u32,             // tokens per batch row
  shift_offset: u32,       // in vec4: layer and part inside the table, for table row 0
  scale_offset: u32,
  modulation_stride: u32,  // in vec4, from one table row to the next
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;  // [all rows, C4]

fn batch_of(row: u32) -> u32 { return row / params.tokens; }

fn source_row(row: u32) -> u32 { return row; }

fn load(row: u32, column: u32) -> vec4f { return input[row * C4 + column]; }
