"""The figures of `deno task bench ops --json`, from PyTorch: the same operations and sizes, in PyTorch's layouts.

usage: OMP_WAIT_POLICY=PASSIVE python3 bench/ops_torch.py [--threads N] [--runs N] [--filter TEXT]

Needs `pip install torch numpy`. One JSON object a line; `value` is the best run. Images are [batch, channels, height, width]
here. What PyTorch has no single operation for (pixelNorm, weightNorm's gradient, a sum of squares of many tensors) is left
out or composed of several.
"""

import argparse

import torch
from torch import nn
from torch_timing import report, timed

F, aten = nn.functional, torch.ops.aten
SECONDS_PER_RUN = 0.1


def products():
    gates, row = (64, 1536, 512), (1, 512, 1536)
    cases = [((1024, 1024, 1024), None, 0, 0)]
    cases += [(gates, None, a, b) for a, b in ((0, 0), (1, 0), (0, 1), (1, 1))]
    cases += [(row, None, 0, 0), (row, None, 0, 1), ((256, 256, 256), 8, 0, 0)]
    for (m, n, k), batch, flip_a, flip_b in cases:
        items = () if batch is None else (batch,)
        a = torch.randn(*items, *((k, m) if flip_a else (m, k)))
        b = torch.randn(*items, *((n, k) if flip_b else (k, n)))
        a, b = (a.mT if flip_a else a), (b.mT if flip_b else b)
        label = "x".join(map(str, (*items, m, n, k))) + ".transposeA" * flip_a + ".transposeB" * flip_b
        yield f"matmul.{label}", "GFLOPS", 2 * (batch or 1) * m * n * k, lambda a=a, b=b: a @ b
    yield from gru(50, 64, 512)


def gru(time, batch, hidden):
    """Its input has one channel, so that nearly all work is the recurrence."""
    layer, x = nn.GRU(1, hidden), torch.randn(time, batch, 1)
    work = 2 * time * batch * 3 * hidden * hidden

    def forward():
        with torch.no_grad():
            return layer(x)

    states = layer(x)[0]
    dy, weights = torch.randn_like(states), list(layer.parameters())
    name = f"gru.{time}x{batch}x{hidden}"
    yield f"{name}.forward", "GFLOPS", work, forward
    yield f"{name}.gradient", "GFLOPS", 2 * work, lambda: torch.autograd.grad(states, weights, dy, retain_graph=True)


def convolution(name, x, filter, stride=1, dilation=1, padding=0, groups=1):
    x, w = torch.randn(x), torch.randn(filter)
    rank = x.dim() - 2
    settings = [[stride] * rank, [padding] * rank, [dilation] * rank, False, [0] * rank, groups]
    y = aten.convolution(x, w, None, *settings)
    work = 2 * y.numel() * w[0].numel()

    def gradient(x_too, w_too):
        return lambda: aten.convolution_backward(y, x, w, None, *settings, [x_too, w_too, False])

    yield f"{name}.forward", "GFLOPS", work, lambda: aten.convolution(x, w, None, *settings)
    yield f"{name}.filterGradient", "GFLOPS", work, gradient(False, True)
    yield f"{name}.inputGradient", "GFLOPS", work, gradient(True, False)


def convolutions():
    yield from convolution("conv2d.8x64x64x64.k3", (8, 64, 64, 64), (64, 64, 3, 3), padding=1)
    yield from convolution("conv2d.8x64x64.32to64.k4.stride2", (8, 32, 64, 64), (64, 32, 4, 4), stride=2, padding=1)
    yield from convolution("conv2d.8x64x64.1to32.k4.stride2", (8, 1, 64, 64), (32, 1, 4, 4), stride=2, padding=1)
    yield from convolution("conv1d.4x8192x32.k3.dilation9", (4, 32, 8192), (32, 32, 3), dilation=9, padding=9)
    grouped = {"stride": 4, "padding": 20, "groups": 16}
    yield from convolution("conv1d.4x2048.64to256.k41.stride4.groups16", (4, 64, 2048), (256, 4, 41), **grouped)
    x, w = torch.randn(8, 128, 16, 16), torch.randn(128, 64, 4, 4)
    name, work = "transposedConv2d.8x16x16.128to64.k4.stride2", 2 * x.numel() * w[0].numel()
    yield name, "GFLOPS", work, lambda: F.conv_transpose2d(x, w, stride=2, padding=1)
    x1, w1 = torch.randn(4, 512, 32), torch.randn(512, 256, 16)
    name, work = "transposedConv1d.4x32.512to256.k16.stride8", 2 * x1.numel() * w1[0].numel()
    yield name, "GFLOPS", work, lambda: F.conv_transpose1d(x1, w1, stride=8, padding=4)


def moves():
    n, x, y = 4096, torch.randn(4096, 4096), torch.randn(4096, 4096)
    matrix, label = 4 * n * n, f"{n}x{n}"
    rows = torch.randint(n, (n * n // 512,))
    table, wide, narrow = torch.randn(n, 512), x.view(-1, 512), x.view(-1, 64)
    ops = [
        (f"copy.{label}", 2, x.clone),
        (f"add.{label}", 3, lambda: x + y),
        (f"tanh.{label}", 2, x.tanh),
        (f"exp.{label}", 2, x.exp),
        (f"sum.axis0.{label}", 1, lambda: x.sum(0)),
        (f"sum.axis1.{label}", 1, lambda: x.sum(1)),
        (f"transpose.{label}", 2, lambda: x.T.contiguous()),
        (f"tile.{n}x256.by1x16", 17 / 16, lambda t=torch.randn(n, 256): t.repeat(1, 16)),
        (f"dropout.{label}", 2, lambda: F.dropout(x, 0.3)),
        (f"globalNorm.{label}", 1, lambda: torch.linalg.vector_norm(x)),
        (f"gather.{n}x512.rows{len(rows)}", 2, lambda: table[rows]),
        (f"segmentSum.{len(rows)}x512.into{n}", 9 / 8, lambda: torch.zeros(n, 512).index_add_(0, rows, wide)),
        *norms(narrow, wide, y),
        (f"adam.{n // 2}x{n}", 7 / 2, adam(n)),
    ]
    for name, matrices, work in ops:
        yield name, "GB/s", matrices * matrix, work


def norms(narrow, wide, dy):
    c64, c512 = torch.randn(64), torch.randn(512)
    mean, scale, zero = narrow.mean(0), narrow.var(0, correction=0).add(1e-5).rsqrt(), torch.zeros(64)
    row_mean, row_scale = wide.mean(1, True), wide.var(1, keepdim=True, correction=0).add(1e-5).rsqrt()
    d64, d512 = dy.view(-1, 64), dy.view(-1, 512)
    batch, layer = f"batchNorm.{len(narrow)}x64", f"layerNorm.{len(wide)}x512"
    batch_grad = (d64, narrow, c64, zero, zero, mean, scale, True, 1e-5, [True] * 3)
    layer_grad = (d512, wide, [512], row_mean, row_scale, c512, c512, [True] * 3)
    return [
        (f"{batch}.forward", 2, lambda: aten.native_batch_norm(narrow, c64, c64, zero, zero, True, 0.1, 1e-5)),
        (f"{batch}.gradient", 3, lambda: aten.native_batch_norm_backward(*batch_grad)),
        (f"{layer}.forward", 2, lambda: F.layer_norm(wide, [512], c512, c512)),
        (f"{layer}.gradient", 3, lambda: aten.native_layer_norm_backward(*layer_grad)),
        (f"pixelNorm.{len(narrow)}x64.forward", 2, lambda: narrow * (narrow.square().mean(1, True) + 1e-8).rsqrt()),
        (f"weightNorm.{len(wide)}x512.forward", 2, lambda: torch._weight_norm(wide, c512[None], 1)),
    ]


def adam(n):
    parameter = nn.Parameter(torch.randn(n // 2, n))
    parameter.grad = torch.randn_like(parameter)
    optimizer = torch.optim.Adam([parameter], fused=True)
    return optimizer.step


def repeat(call, count):
    for _ in range(count):
        call()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--filter", default="")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for part in (products, convolutions, moves):
        for name, unit, work, call in part():
            if options.filter not in name:
                continue
            count = max(1, round(SECONDS_PER_RUN / timed(call, 1)[0]))
            seconds = timed(lambda: repeat(call, count), options.runs)
            report(options.threads, name, unit, [work * count / s / 1e9 for s in seconds])


if __name__ == "__main__":
    main()
