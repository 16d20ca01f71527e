// Shared by the LayerNorm kernels: what they write, output = normalized * (1 + scale) + shift. Scale and shift are vectors of
// the modulation table.
override C4: u32;
override EPSILON: f32;

@group(0) @binding(2) var<storage, read> modulation: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4f>; // [rows, C4]

// Start of a row's vectors in the table.
fn table_of(row: u32) -> u32 { return (step.modulation_row + batch_of(row)) * params.modulation_stride; }

fn store(row: u32, column: u32, table: u32, normalized: vec4f) {
  let scale = modulation[params.scale_offset + table + column];
  let shift = modulation[params.shift_offset + table + column];
  output[row * C4 + column] = normalized * (1.0 + scale) + shift;
}
