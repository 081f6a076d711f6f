"""Clocks and lines of the PyTorch benchmarks, as `bench/figure.ts` prints them."""

import json
import time

RATES = ("GFLOPS", "GB/s")


def report(threads, name, unit, values):
    """Prints one JSON object; `value` is the best run: the largest of a rate, else the smallest."""
    values = sorted(values)
    value = values[-1] if unit in RATES else values[0]
    row = {"name": name, "backend": "torch", "threads": threads, "value": round(value, 5), "unit": unit}
    print(json.dumps({**row, "median": round(values[len(values) // 2], 5), "runs": len(values)}), flush=True)


def timed(work, runs):
    """Seconds of each run, after one that is not counted."""
    work()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds
