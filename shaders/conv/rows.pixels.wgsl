// Input of a 3 x 3 convolution, stride 1, by the tiled kernels of matmul/: row r of the product is a pixel of the output, counted row by
// row from `first_y` on, and tap t of it the pixel that tap covers. The input has a border of zeros: its rows are two pixels longer
// than the picture, and the caller writes the rows above and below it too (group_norm/kernel.apply.wgsl), so that nothing is
// asked at the edges. With `upsample` each pixel of the input stands for 2 x 2.
@group(0) @binding(1) var<storage, read> input: array<vec4f>;  // [rows, input_width, K4]

// A loop bound by a constant is unrolled, which software adapters' compilers overdo.
const TAPS = 9u;
fn taps() -> u32 { return params.taps; }

fn row_start(row: u32, tap: u32) -> u32 {
  let u = params.upsample;
  let y = ((params.first_y + row / params.width + tap / 3u + u) >> u) - params.input_first;
  let x = (row % params.width + tap % 3u + u) >> u;
  return (y * params.input_width + x) * params.K4;
}
