// Weight upload, int8: input [rows, K] as PyTorch stores a linear's weight -> output [K, N] of signed bytes, columns from
// `column` on, and one scale a column: the largest magnitude of its row, which byte 127 stands for.
//
// One workgroup of 64 takes four rows, since four columns share a u32. Caller: rows, K, N and column are multiples of 4;
// dispatch rows / 4 workgroups, folded into y beyond 65535.
struct Params {
  rows4: u32,
  K4: u32,
  N4: u32,
  column4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;         // [rows, K4]
@group(0) @binding(2) var<storage, read_write> output: array<u32>;    // [K, N4]
@group(0) @binding(3) var<storage, read_write> finish: array<vec4f>;  // [2, N4]: bias, which is left alone, and scale

var<workgroup> partial: array<vec4f, 64>;

fn magnitude(v: vec4f) -> f32 {
  let a = abs(v);
  return max(max(a.x, a.y), max(a.z, a.w));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row4 = group.y * groups.x + group.x;
  if (row4 >= params.rows4) { return; }
  let K4 = params.K4;
  let first = row4 * 4u * K4;
  var largest = vec4f();
  for (var k = lane; k < K4; k += 64u) {
    let i = first + k;
    let a = vec4f(magnitude(input[i]), magnitude(input[i + K4]), magnitude(input[i + 2u * K4]), magnitude(input[i + 3u * K4]));
    largest = max(largest, a);
  }
  partial[lane] = largest;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] = max(partial[lane], partial[lane + half]); }
    workgroupBarrier();
  }
  let scale = partial[0];
  let inverse = select(1.0 / scale, vec4f(), scale == vec4f());
  let column = params.column4 + row4;
  if (lane == 0u) { finish[params.N4 + column] = scale; }
  for (var k = lane; k < K4; k += 64u) {
    let i = first + k;
    let a = input[i] * inverse.x;
    let b = input[i + K4] * inverse.y;
    let c = input[i + 2u * K4] * inverse.z;
    let d = input[i + 3u * K4] * inverse.w;
    let out = k * 4u * params.N4 + column;
    output[out] = pack4x8snorm(vec4f(a.x, b.x, c.x, d.x));
    output[out + params.N4] = pack4x8snorm(vec4f(a.y, b.y, c.y, d.y));
    output[out + 2u * params.N4] = pack4x8snorm(vec4f(a.z, b.z, c.z, d.z));
    output[out + 3u * params.N4] = pack4x8snorm(vec4f(a.w, b.w, c.w, d.w));
  }
}
