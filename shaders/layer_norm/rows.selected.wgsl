// Row r of the output is one of the selected tokens: a gather fused into the norm.
struct Params {
  rows: u32,               // batch * selected
  tokens: u32,             // tokens per batch row of the input
  shift_offset: u32,       // in vec4: layer and part inside the table, for table row 0
  scale_offset: u32,
  modulation_stride: u32,  // in vec4, from one table row to the next
  selected: u32,           // tokens recomputed per batch row
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;  // [all rows, C4]
@group(0) @binding(4) var<storage, read> ids: array<u32>;  // [batch, tokens], the first `selected` of each row

fn batch_of(row: u32) -> u32 { return row / params.selected; }

fn source_row(row: u32) -> u32 {
  let batch = batch_of(row);
  return batch * params.tokens + ids[batch * params.tokens + row % params.selected];
}

fn load(row: u32, column: u32) -> vec4f { return input[row * C4 + column]; }
