"""How `resample` compares with scipy and soxr, on recordings and on a sine above the new Nyquist frequency.

usage: deno run --allow-read --allow-write=DIR tests/interop/resample.ts DIR FILE... && python3 tests/interop/resample_compare.py DIR

Needs `pip install numpy scipy soxr`. Differences are in dB below the signal, below 0.9 of the lower Nyquist frequency.
"""

import json
import math
import pathlib
import sys

import numpy as np
import soxr
from scipy import signal

folder = pathlib.Path(sys.argv[1])


def pass_band(x, rate, edge):
    """x without what lies above `edge`, and without its ends."""
    taps = signal.firwin(1023, edge, fs=rate, window=("kaiser", 10))
    return np.convolve(x, taps, mode="same")[1023:-1023]


def below(a, b, rate, edge):
    length = min(len(a), len(b))
    a, b = (pass_band(x[:length].astype(np.float64), rate, edge) for x in (a, b))
    return 10 * math.log10(np.sum((a - b) ** 2) / np.sum(b**2))


for case in json.loads((folder / "cases.json").read_text()):
    read = lambda kind: np.fromfile(folder / f"{case['name']}-{kind}.f32", dtype=np.float32)
    before, ours, (old, new) = read("before"), read("after"), (case["from"], case["to"])
    common = math.gcd(old, new)
    up, down = new // common, old // common
    poly = signal.resample_poly(before.astype(np.float64), up, down, window=("kaiser", 14))
    best = soxr.resample(before.astype(np.float64), old, new, quality="VHQ")
    edge = 0.85 * min(old, new) / 2
    line = {"name": case["name"], "from": old, "to": new, "length": [len(ours), len(poly), len(best)]}
    if case["name"].startswith("sine"):
        power = lambda x: round(10 * math.log10(np.mean(x[2000:-2000].astype(np.float64) ** 2) / 0.5), 1)
        line["left of the sine, dB: ours, scipy, soxr"] = [power(ours), power(poly), power(best)]
    else:
        line["ours - soxr, dB"] = round(below(ours, best, new, edge), 1)
        line["scipy - soxr, dB"] = round(below(poly, best, new, edge), 1)
    print(json.dumps(line))
