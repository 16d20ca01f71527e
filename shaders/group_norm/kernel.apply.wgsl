// Copies rows of pixels, normed and activated or as they are, and writes zeros around them: the border that conv/kernel.wgsl
// reads, or rows that fill up a matrix.
//
// Caller: dispatches flat over rows x (width + 2 x border) x C4.
override MODE: u32;  // 0 copies, 1 norms, 2 norms and applies SiLU

struct Params {
  C4: u32,
  width: u32,         // pixels of a row
  border: u32,        // pixels of zeros before and after each row
  rows: u32,          // rows to write
  above: u32,         // of them, rows of zeros at the beginning
  copied: u32,        // rows after those that the input has; further ones are zeros
  input_first: u32,   // row of the input that the first copied one is
  output_first: u32,  // row of the output that the first written one is
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;         // [rows, width, C4]
@group(0) @binding(2) var<storage, read> table: array<vec4f>;         // [3, C4]: mean, scale, shift; not read in mode 0
@group(0) @binding(3) var<storage, read_write> output: array<vec4f>;  // [rows, width + 2 x border, C4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  let C4 = params.C4;
  let length = params.width + 2u * params.border;
  let channel = item % C4;
  let pixel = item / C4 % length;
  let row = item / C4 / length;
  if (row >= params.rows) { return; }
  // Unsigned: what lies before the copied rows or pixels wraps to large numbers.
  let from_row = row - params.above;
  let from_pixel = pixel - params.border;
  var value = vec4f();
  if (from_row < params.copied && from_pixel < params.width) {
    value = input[((params.input_first + from_row) * params.width + from_pixel) * C4 + channel];
    if (MODE > 0u) { value = (value - table[channel]) * table[C4 + channel] + table[2u * C4 + channel]; }
    if (MODE == 2u) { value = value / (1.0 + exp(-max(value, vec4f(-80.0)))); }
  }
  output[(params.output_first * length + row * length + pixel) * C4 + channel] = value;
}
