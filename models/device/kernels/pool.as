// A pool of threads that share one memory and take numbered tasks of one job at a time.
//
// Control block, i32 words:
//   0 tasks not taken yet   1 tasks not finished yet   2 operation   3 bytes of scratch of a thread
//   4 address of the scratch of thread 0   5 tasks that broke off in a thread   16.. arguments of the operation
// The arguments are written before word 0 and stay until word 1 is 0: who takes a task reads valid ones,
// however late it woke up. Operations split over outputs, so a result does not depend on who ran which task.

import { adamTask } from "./adam/adam";
import { batchApplyTask, batchMergeTask, batchMomentsTask } from "./batch_norm/batch_norm";
import { batchGradApplyTask, batchGradMergeTask, batchGradSumsTask } from "./batch_norm/batch_norm_grad";
import { convolutionTask, packFilterTask, padTask } from "./convolution/convolution";
import { filterGradientTask } from "./convolution/filter_gradient";
import { stridedCopyTask } from "./copy/copy";
import { dropoutTask } from "./dropout/dropout";
import { elementTask } from "./element/element";
import { gatherTask, segmentSumTask } from "./gather/gather";
import { squareSumTask } from "./global_norm/global_norm";
import { gruBackwardTask } from "./gru/gru_backward";
import { gruForwardTask, gruPackTask, gruStepTask } from "./gru/gru_forward";
import { attentionTask, residualNormTask, ringCopyTask } from "./gru_decode/attention";
import { gruDecodeTask } from "./gru_decode/gru_decode";
import { layerNormGradTask, layerNormTask } from "./layer_norm/layer_norm";
import { matmulTask } from "./matmul/matmul";
import { vectorMatmulTask } from "./matmul/vector_matmul";
import { mirrorPadTask } from "./mirror_pad/mirror_pad";
import { pixelNormTask } from "./pixel_norm/pixel_norm";
import { poolTask, spreadTask } from "./pooling/pooling";
import { columnSumTask } from "./sum/sum";
import { weightNormTask } from "./weight_norm/weight_norm";

const FINISHED: usize = 4;
const OPERATION: usize = 8;
const SCRATCH_BYTES: usize = 12;
const SCRATCH: usize = 16;
const ARGUMENTS: usize = 64;
// Looks at a word before sleeping: for the end of a job, and for the next one, since waking takes longer than what lies
// between two jobs of a step.
const SPINS: i32 = 2000;
const IDLE_SPINS: i32 = 20000;

function run(control: usize, thread: i32, task: i32): void {
  const args = control + ARGUMENTS;
  const scratch: usize = <usize>load<u32>(control + SCRATCH) + <usize>thread * <usize>load<u32>(control + SCRATCH_BYTES);
  switch (load<i32>(control + OPERATION)) {
    case 0: return matmulTask(args, task, scratch);
    case 1: return vectorMatmulTask(args, task, scratch);
    case 2: return gatherTask(args, task);
    case 3: return segmentSumTask(args, task);
    case 4: return gruPackTask(args, task);
    case 5: return gruForwardTask(args, task);
    case 6: return gruStepTask(args, task, scratch);
    case 7: return gruBackwardTask(args, task);
    case 8: return dropoutTask(args, task);
    case 9: return adamTask(args, task);
    case 10: return columnSumTask(args, task);
    case 11: return stridedCopyTask(args, task);
    case 12: return padTask(args, task);
    case 13: return packFilterTask(args, task);
    case 14: return convolutionTask(args, task, scratch);
    case 15: return filterGradientTask(args, task, scratch);
    case 16: return squareSumTask(args, task);
    case 17: return gruDecodeTask(args, task, scratch);
    case 18: return batchMomentsTask(args, task);
    case 19: return batchMergeTask(args, task);
    case 20: return batchApplyTask(args, task);
    case 21: return batchGradSumsTask(args, task);
    case 22: return batchGradMergeTask(args, task);
    case 23: return batchGradApplyTask(args, task);
    case 24: return pixelNormTask(args, task);
    case 25: return layerNormTask(args, task);
    case 26: return layerNormGradTask(args, task);
    case 27: return weightNormTask(args, task, scratch);
    case 28: return elementTask(args, task);
    case 29: return mirrorPadTask(args, task);
    case 30: return poolTask(args, task);
    case 31: return spreadTask(args, task);
    case 32: return attentionTask(args, task, scratch);
    case 33: return residualNormTask(args, task);
    case 34: return ringCopyTask(args, task);
  }
}

// Takes tasks until none is left.
function takeTasks(control: usize, thread: i32): void {
  if (!ASC_FEATURE_THREADS) return;
  while (true) {
    const left = atomic.load<i32>(control);
    if (left <= 0) return;
    if (atomic.cmpxchg<i32>(control, left, left - 1) != left) continue;
    run(control, thread, left - 1);
    if (atomic.sub<i32>(control + FINISHED, 1) == 1) atomic.notify(control + FINISHED, 1);
  }
}

/** Runs the job that the control block describes and returns when all its tasks are finished. */
export function launch(control: usize, tasks: i32, workers: i32): void {
  if (!ASC_FEATURE_THREADS) {
    for (let task = tasks - 1; task >= 0; task--) run(control, 0, task);
    return;
  }
  atomic.store<i32>(control + FINISHED, tasks);
  atomic.store<i32>(control, tasks);
  if (workers > 0 && tasks > 1) atomic.notify(control, min(workers, tasks - 1));
  takeTasks(control, 0);
  let spins = SPINS;
  while (true) {
    const open = atomic.load<i32>(control + FINISHED);
    if (open == 0) return;
    if (spins-- <= 0) atomic.wait<i32>(control + FINISHED, open, -1);
  }
}

/** The life of worker `thread`: waits for jobs and takes tasks; returns when word 0 becomes negative. */
export function serve(control: usize, thread: i32): void {
  if (!ASC_FEATURE_THREADS) return;
  let spins = IDLE_SPINS;
  while (true) {
    const left = atomic.load<i32>(control);
    if (left < 0) return;
    if (left > 0) {
      takeTasks(control, thread);
      spins = IDLE_SPINS;
    } else if (spins-- <= 0) {
      atomic.wait<i32>(control, 0, -1);
      spins = IDLE_SPINS;
    }
  }
}
