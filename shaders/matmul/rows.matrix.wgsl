// Input of a matmul kernel: rows of K4 vec4, one after the other.
@group(0) @binding(1) var<storage, read> input: array<vec4f>;  // [rows, K4]

// A product of matrices is a convolution of one tap; conv/rows.pixels.wgsl has nine.
const TAPS = 1u;
fn taps() -> u32 { return TAPS; }

fn row_start(row: u32, tap: u32) -> u32 { return row * params.K4; }
