/** Drawing the next event of each item in WGSL, as `drawClasses` does; sums are float32. @module */
import { threefryWgsl } from "../random/threefry_wgsl.ts";

const lanes = 64;

/**
 * A workgroup an item: softmax, top-k, top-p and the draw; then the clock moves. Whether an event is kept follows from
 * those that are likelier, each compared with each: made for some hundreds of events.
 */
export const drawWgsl = `
struct Uniforms {
  batch: i32, nEvents: i32, eventsAt: i32, temperature: f32, topK: i32, topP: f32, greedyBits: u32,
  key0: u32, key1: u32, step: u32,
}
@group(0) @binding(0) var<storage, read_write> events: array<i32>;
@group(0) @binding(1) var<storage, read_write> nextClock: array<i32>;
@group(0) @binding(2) var<storage, read_write> weights: array<f32>; // [batch, events]
@group(0) @binding(3) var<storage, read_write> likelier: array<f32>; // [batch, events]
@group(0) @binding(4) var<storage, read> logits: array<f32>;
@group(0) @binding(5) var<storage, read> clock: array<i32>;
@group(0) @binding(6) var<storage, read> eventTicks: array<i32>;
@group(0) @binding(7) var<uniform> u: Uniforms;

var<workgroup> bests: array<i32, ${lanes}>;
var<workgroup> faults: array<u32, ${lanes}>;
var<workgroup> masses: array<f32, ${lanes}>;

const NEVER = 3e38;
${threefryWgsl}

// 24 random bits: element \`i\` of the step.
fn randomBits(i: u32) -> u32 {
  return threefry(vec2u(u.key0, u.key1), vec2u(u.step, i / 2))[i % 2] >> 8;
}

fn isBefore(a: f32, i: i32, b: f32, j: i32) -> bool { return a > b || (a == b && i < j); }

// Whether all bits of the exponent are set: infinite, or not a number where bits of the mantissa are set too.
fn isInfinite(v: f32) -> bool { return (bitcast<u32>(v) & 0x7F800000u) == 0x7F800000u; }
fn isNan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7FFFFFFFu) > 0x7F800000u; }

// The likeliest event, or -1 where no event can be drawn.
fn findBest(row: i32, lane: i32) -> i32 {
  var best = min(lane, u.nEvents - 1);
  var fault = 0u;
  for (var i = lane; i < u.nEvents; i += ${lanes}) {
    if (isBefore(logits[row + i], i, logits[row + best], best)) { best = i; }
    fault |= u32(isNan(logits[row + i]));
  }
  bests[lane] = best;
  faults[lane] = fault;
  workgroupBarrier();
  best = bests[0];
  for (var i = 0; i < ${lanes}; i++) {
    if (isBefore(logits[row + bests[i]], bests[i], logits[row + best], best)) { best = bests[i]; }
    fault |= faults[i];
  }
  return select(best, -1, fault > 0 || isInfinite(logits[row + best]));
}

// The sum of every lane's \`mass\`.
fn sumOf(mass: f32, lane: i32) -> f32 {
  workgroupBarrier();
  masses[lane] = mass;
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0; i < ${lanes}; i++) { sum += masses[i]; }
  return sum;
}

// Sets the weights outside of top-k and top-p to zero.
fn keepLikeliest(row: i32, lane: i32) {
  var mass = 0.0;
  for (var i = lane; i < u.nEvents; i += ${lanes}) {
    let own = logits[row + i];
    var rank = 0;
    var before = 0.0;
    for (var j = 0; j < u.nEvents; j++) {
      if (isBefore(logits[row + j], j, own, i)) {
        rank++;
        before += weights[row + j];
      }
    }
    let isKept = u.topK == 0 || rank < u.topK;
    likelier[row + i] = select(NEVER, before, isKept);
    mass += select(0.0, weights[row + i], isKept);
  }
  let limit = select(NEVER, u.topP * sumOf(mass, lane), u.topP < 1);
  for (var i = lane; i < u.nEvents; i += ${lanes}) {
    if (likelier[row + i] >= limit) { weights[row + i] = 0; }
  }
  storageBarrier();
}

// The first event at which the cumulative weight passes \`share\` of its sum; each lane sums a segment.
fn draw(row: i32, lane: i32, share: f32) -> i32 {
  let segment = (u.nEvents + ${lanes - 1}) / ${lanes};
  var mass = 0.0;
  for (var i = lane * segment; i < min(u.nEvents, (lane + 1) * segment); i++) { mass += weights[row + i]; }
  let total = sumOf(mass, lane);
  var rest = share * total;
  var chosen = 0;
  for (var s = 0; s < ${lanes}; s++) {
    if (masses[s] == 0) { continue; }
    chosen = s;
    if (rest < masses[s]) { break; }
    rest -= masses[s];
  }
  var event = 0;
  for (var i = chosen * segment; i < min(u.nEvents, (chosen + 1) * segment); i++) {
    if (weights[row + i] == 0) { continue; }
    event = i;
    rest -= weights[row + i];
    if (rest < 0) { break; }
  }
  return event;
}

@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let item = i32(group.x);
  let lane = i32(index);
  let row = item * u.nEvents;
  let best = findBest(row, lane);
  let largest = logits[row + max(best, 0)];
  for (var i = lane; i < u.nEvents; i += ${lanes}) {
    weights[row + i] = exp((logits[row + i] - largest) / u.temperature);
  }
  storageBarrier();
  if (u.topK > 0 || u.topP < 1) { keepLikeliest(row, lane); }
  var event = draw(row, lane, f32(randomBits(group.x)) * exp2(-24));
  if (best < 0 || randomBits(u32(u.batch) + group.x) < u.greedyBits) { event = best; }
  if (lane > 0) { return; }
  events[u.eventsAt + item] = event;
  nextClock[item] = clock[item] + min(eventTicks[max(event, 0)], 2147483647 - max(clock[item], 0));
}
`;
