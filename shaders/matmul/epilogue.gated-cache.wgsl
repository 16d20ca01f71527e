// Epilogue of a full step whose branch outputs are reused later: the gated residual of epilogue.gated.wgsl, and the value
// before the gate goes into the cache.
struct Params {
  rows: u32,
  K4: u32,
  N4: u32,
  tokens: u32,             // tokens per batch row
  gate_offset: u32,        // in vec4: layer and part inside the table, for table row 0
  modulation_stride: u32,  // in vec4, from one table row to the next
  cache_offset: u32,       // in vec4: this (layer, branch) inside its slab
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(4) var<storage, read_write> output: array<vec4f>;  // [rows, N4]
@group(0) @binding(5) var<storage, read> modulation: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> cache: array<vec4f>;   // slab of [rows, N4] entries

fn epilogue(row: u32, column: u32, value: vec4f) {
  let table_row = step.modulation_row + row / params.tokens;
  let gate = modulation[params.gate_offset + table_row * params.modulation_stride + column];
  let i = row * params.N4 + column;
  cache[params.cache_offset + i] = value;
  output[i] = output[i] + gate * value;
}
