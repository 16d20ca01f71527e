// Statistics of GroupNorm, first part: mean and sum of squared differences of every channel, over chunks of CHUNK pixels.
//
// One invocation walks the pixels of a chunk for four channels, twice: a long sum in f32 leaves the mean a little off, and the
// second pass, over the differences, says by how much.
//
// Caller: dispatches flat over chunks x C4; the chunks of one picture's bands fill one buffer.
const CHUNK = 256u;

struct Params {
  C4: u32,
  pixels: u32,  // of this band
  first: u32,   // chunk of the picture that the band begins with
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;          // [pixels, C4]
@group(0) @binding(2) var<storage, read_write> chunks: array<vec4f>;   // [chunks, 2 x C4 + 1]: means, squares, (pixels, 0, 0, 0)

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.y * groups.x * 64u + id.x;
  let C4 = params.C4;
  let chunk = item / C4;
  let channel = item % C4;
  let first = chunk * CHUNK;
  if (first >= params.pixels) { return; }
  let end = min(first + CHUNK, params.pixels);
  let count = f32(end - first);
  var sum = vec4f();
  for (var pixel = first; pixel < end; pixel++) { sum += input[pixel * C4 + channel]; }
  let mean = sum / count;
  var rest = vec4f();
  var squares = vec4f();
  for (var pixel = first; pixel < end; pixel++) {
    let d = input[pixel * C4 + channel] - mean;
    rest += d;
    squares += d * d;
  }
  let correction = rest / count;
  let out = (params.first + chunk) * (2u * C4 + 1u);
  chunks[out + channel] = mean + correction;
  chunks[out + C4 + channel] = squares - rest * correction;
  if (channel == 0u) { chunks[out + 2u * C4] = vec4f(count, 0.0, 0.0, 0.0); }
}
