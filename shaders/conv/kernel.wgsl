// 3 x 3 convolution, stride 1: output [rows, width, N] = input x weights + bias, of pictures stored pixel by pixel with their
// channels together. The input has a border of zeros: its rows are two pixels longer than the picture, and the caller writes
// the rows above and below it too (group_norm/kernel.apply.wgsl), so that nothing is asked at the edges. With `upsample` each
// pixel of the input stands for 2 x 2.
//
// One invocation computes 4R pixels of one row x 4C channels by the 4x4 matrix products of matmul/kernel.register.wgsl, for
// one tap after the other. Weights lie as the transposed tensor of PyTorch: row (channel in x 9 + tap), column channel out.
//
// Unrolled: $r over R, $c over C. Caller: channels in and out are multiples of 4; prepends the constants LANES_X, LANES_Y, R
// and C; dispatches ceil(N4 / (LANES_X * C)) x ceil((last - first) / LANES_Y).
// Fragments: weights.* of matmul at binding 2.
struct Params {
  width: u32,         // of the output
  input_width: u32,   // of a row of the input, border included
  input_first: u32,   // row of the bordered picture that the input buffer begins with
  output_first: u32,  // row of the output that its buffer begins with
  first_row: u32,     // row of the output from which blocks of 4R pixels are counted, row by row
  first: u32,         // the dispatch's first block
  last: u32,          // the block after its last one
  K4: u32,            // channels in
  N4: u32,            // channels out
  upsample: u32,      // 1: the input is half as wide and high
  accumulate: u32,    // 1: adds to what the output holds
  taps: u32,          // 9: a loop bound by it is not unrolled, which software adapters' compilers overdo
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;         // [rows, input_width, K4]
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;          // [N4]
@group(0) @binding(4) var<storage, read_write> output: array<vec4f>;  // [rows, width, N4]

fn store(place: u32, column: u32, value: vec4f) {
  let i = place * params.N4 + column;
  var result = value + bias[column];
  if (params.accumulate == 1u) { result += output[i]; }
  output[i] = result;
}

// Four pixels from x on; what lies beyond the row or the last channel is dropped.
fn store_pixels(y: u32, x: u32, column: u32, values: mat4x4f) {
  if (column >= params.N4) { return; }
  let place = (y - params.output_first) * params.width + x;
  if (x < params.width) { store(place, column, values[0]); }
  if (x + 1u < params.width) { store(place + 1u, column, values[1]); }
  if (x + 2u < params.width) { store(place + 2u, column, values[2]); }
  if (x + 3u < params.width) { store(place + 3u, column, values[3]); }
}

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let blocks = (params.width + 4u * R - 1u) / (4u * R);
  let item = params.first + group.y * LANES_Y + local.y;
  if (item >= params.last) { return; }
  let y = params.first_row + item / blocks;
  let x = item % blocks * 4u * R;
  let N4 = params.N4;
  let upsample = params.upsample;
  let column = group.x * LANES_X * C + local.x;
  // A column group beyond N is computed from the last column and not stored.
  let start$c = min(column + $cu * LANES_X, N4 - 1u);
  let pixels$r = x + 4u * $ru + upsample + vec4u(0u, 1u, 2u, 3u);
  var acc$r$c = mat4x4f();
  for (var tap = 0u; tap < params.taps; tap++) {
    let row = ((y + tap / 3u + upsample) >> upsample) - params.input_first;
    let at$r = (row * params.input_width + ((pixels$r + tap % 3u) >> vec4u(upsample))) * params.K4;
    var i$c = tap * N4 + start$c;
    for (var k = 0u; k < params.K4; k++) {
      let w$c = Mat(load_weight(i$c), load_weight(i$c + 9u * N4), load_weight(i$c + 18u * N4), load_weight(i$c + 27u * N4));
      i$c += 36u * N4;
      let a$r = Mat(Vec(input[at$r.x + k]), Vec(input[at$r.y + k]), Vec(input[at$r.z + k]), Vec(input[at$r.w + k]));
      acc$r$c += multiply(w$c, a$r);
    }
  }
  store_pixels(y, x + 4u * $ru, column + $cu * LANES_X, acc$r$c);
}
