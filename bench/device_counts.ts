/** What a graphics device is asked for. @module */

/** How often it ran a kernel, and how often it copied a result back to be read. */
export interface DeviceCounts {
  readonly dispatches: number;
  readonly readBacks: number;
}

/** Counts what `work` asks of every device of this process. */
export async function countOnDevice(work: () => void | Promise<void>): Promise<DeviceCounts> {
  const passes = GPUComputePassEncoder.prototype, buffers = GPUBuffer.prototype;
  const { dispatchWorkgroups } = passes, { mapAsync } = buffers;
  let dispatches = 0, readBacks = 0;
  passes.dispatchWorkgroups = function (...sizes) {
    dispatches++;
    return dispatchWorkgroups.apply(this, sizes);
  };
  buffers.mapAsync = function (mode, ...range) {
    if (mode === GPUMapMode.READ) readBacks++;
    return mapAsync.call(this, mode, ...range);
  };
  try {
    await work();
  } finally {
    passes.dispatchWorkgroups = dispatchWorkgroups;
    buffers.mapAsync = mapAsync;
  }
  return { dispatches, readBacks };
}
