// How fast this adapter reads memory: every workgroup reads a run of PER_INVOCATION * 64 vectors of its own, once, in loads
// that lie side by side. What was read is added up and stored, so that no load can be left out.
//
// Caller: dispatch vectors / (PER_INVOCATION * 64) workgroups along x and y; `vectors` is a multiple of that product. The
// data must not be compressible, and larger than the caches.
const PER_INVOCATION = 8u;

struct Params {
  vectors: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<vec4u>;          // [vectors]
@group(0) @binding(2) var<storage, read_write> sums: array<u32>;      // [vectors / PER_INVOCATION], wrapped

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let run = group.y * groups.x + group.x;
  let first = run * PER_INVOCATION * 64u + lane;
  if (first >= params.vectors) { return; }
  var sum = vec4u(0u);
  for (var i = 0u; i < PER_INVOCATION; i++) {
    sum += data[first + i * 64u];
  }
  sums[run * 64u + lane] = sum.x + sum.y + sum.z + sum.w;
}
