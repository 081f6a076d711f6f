"""The figures of `deno task bench conv_vae --json`, from PyTorch: the same network, sizes and work.

usage: OMP_WAIT_POLICY=PASSIVE python3 bench/conv_vae_torch.py [--threads N] [--runs N]

Needs `pip install torch numpy`. One JSON object a line; `value` is the fastest run.
"""

import argparse
import resource

import torch
from torch import nn
from torch_timing import report, timed

BATCH, SIDE, CHANNELS, LATENT = 8, 64, (1, 32, 64, 128), 64


class ConvVae(nn.Module):
    """Three convolutions from 64 x 64 to 8 x 8, a latent, and back."""

    def __init__(self):
        super().__init__()
        moves, pairs = {"kernel_size": 4, "stride": 2, "padding": 1}, list(zip(CHANNELS, CHANNELS[1:]))
        flat = CHANNELS[-1] * (SIDE // 8) ** 2
        down = [[nn.Conv2d(a, b, bias=False, **moves), nn.BatchNorm2d(b), nn.ReLU()] for a, b in pairs]
        up = [[nn.ConvTranspose2d(b, a, bias=False, **moves), nn.BatchNorm2d(a), nn.ReLU()] for a, b in pairs[:0:-1]]
        self.down = nn.Sequential(*sum(down, []))
        self.up = nn.Sequential(*sum(up, []), nn.ConvTranspose2d(CHANNELS[1], CHANNELS[0], **moves))
        self.encode, self.decode = nn.Linear(flat, 2 * LATENT), nn.Linear(LATENT, flat)

    def loss(self, images, noise):
        code = self.down(images)
        mu, log_var = self.encode(code.flatten(1)).chunk(2, 1)
        start = self.decode(mu + torch.exp(0.5 * log_var) * noise).view_as(code)
        made = torch.sigmoid(self.up(torch.relu(start)))
        error = nn.functional.mse_loss(made, images, reduction="sum")
        divergence = -0.5 * (1 + log_var - mu.square() - log_var.exp()).sum()
        return (error + divergence) / len(images)


def trainer(model):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    images = torch.rand(BATCH, CHANNELS[0], SIDE, SIDE)

    def step():
        loss = model.loss(images, torch.randn(BATCH, LATENT))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    seconds = timed(trainer(ConvVae().train()), 2 * options.runs)
    report(options.threads, f"ConvVAE.train.batch{BATCH}", "s/step", seconds)
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    report(options.threads, "process.peakMemory", "MB", [peak])


if __name__ == "__main__":
    main()
