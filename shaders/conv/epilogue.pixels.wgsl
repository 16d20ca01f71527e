// Epilogue of a convolution: output[pixel] = value, or that much more.
struct Params {
  rows: u32,           // pixels of the output from `first_y` on
  K4: u32,             // channels in
  N4: u32,             // channels out
  first_row: u32,      // pixel of the dispatch's first workgroup
  output_offset: u32,  // in pixels, of the first one; modulo 2^32
  width: u32,          // of the output
  first_y: u32,        // its row that pixels are counted from
  input_width: u32,    // of a row of the input, border included
  input_first: u32,    // row of the bordered picture that the input buffer begins with
  upsample: u32,       // 1: the input is half as wide and high
  accumulate: u32,     // 1: adds to what the output holds
  taps: u32,           // 9
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(4) var<storage, read_write> output: array<vec4f>;  // [pixels, N4]

fn epilogue(row: u32, column: u32, value: vec4f) {
  let i = (params.output_offset + row) * params.N4 + column;
  var result = value;
  if (params.accumulate == 1u) { result += output[i]; }
  output[i] = result;
}
