"""The figures of `deno task bench mel_gan --json`, from PyTorch: the same networks, sizes and losses.

usage: OMP_WAIT_POLICY=PASSIVE python3 bench/mel_gan_torch.py [--threads N] [--runs N]

Needs `pip install torch numpy`. One JSON object a line; `value` is the fastest run.
"""

import argparse
import resource
import warnings

import torch
from torch import nn
from torch.nn.utils import remove_weight_norm, weight_norm
from torch_timing import report, timed

warnings.filterwarnings("ignore", category=FutureWarning)
FRAMES, MELS, NGF, RATIOS, BLOCKS = 431, 80, 32, (8, 8, 2, 2), 3
NDF, LAYERS, STRIDE, SCALES, CAP = 16, 4, 4, 3, 1024
BATCH, CROP, FFT, HOP, FEATURES = 4, 8192, 1024, 256, 10


def conv(*sizes, **moves):
    return weight_norm(nn.Conv1d(*sizes, **moves))


class Block(nn.Module):
    """A dilated convolution and one of 1 beside a shortcut."""

    def __init__(self, width, dilation):
        super().__init__()
        act, wide = nn.LeakyReLU(0.2), conv(width, width, 3, dilation=dilation)
        self.inner = nn.Sequential(act, nn.ReflectionPad1d(dilation), wide, act, conv(width, width, 1))
        self.shortcut = conv(width, width, 1)

    def forward(self, x):
        return self.shortcut(x) + self.inner(x)


def generator():
    width = NGF * 2 ** len(RATIOS)
    layers = [nn.ReflectionPad1d(3), conv(MELS, width, 7)]
    for ratio in RATIOS:
        up = nn.ConvTranspose1d(width, width // 2, 2 * ratio, ratio, padding=ratio // 2)
        width //= 2
        layers += [nn.LeakyReLU(0.2), weight_norm(up)] + [Block(width, 3**i) for i in range(BLOCKS)]
    return nn.Sequential(*layers, nn.LeakyReLU(0.2), nn.ReflectionPad1d(3), conv(width, 1, 7), nn.Tanh())


def judge():
    def active(layer):
        return nn.Sequential(layer, nn.LeakyReLU(0.2, True))

    layers, width = [nn.Sequential(nn.ReflectionPad1d(7), conv(1, NDF, 15), nn.LeakyReLU(0.2, True))], NDF
    for _ in range(LAYERS):
        wider = min(width * STRIDE, CAP)
        moves = {"stride": STRIDE, "padding": 5 * STRIDE, "groups": width // 4}
        layers, width = layers + [active(conv(width, wider, 10 * STRIDE + 1, **moves))], wider
    wider = min(2 * width, CAP)
    return nn.ModuleList([*layers, active(conv(width, wider, 5, padding=2)), conv(wider, 1, 3, padding=1)])


class Judges(nn.Module):
    """A discriminator at each of three rates."""

    def __init__(self):
        super().__init__()
        self.scales = nn.ModuleList(judge() for _ in range(SCALES))
        self.halve = nn.AvgPool1d(4, stride=2, padding=1, count_include_pad=False)

    def forward(self, x):
        maps = []
        for layers in self.scales:
            y, found = x, []
            for layer in layers:
                y = layer(y)
                found.append(y)
            maps.append(found)
            x = self.halve(x)
        return maps


def log_mel(audio, basis, window):
    pad = (FFT - HOP) // 2
    padded = nn.functional.pad(audio, (pad, pad), "reflect")[:, 0]
    spectra = torch.stft(padded, FFT, HOP, window=window, center=False, return_complex=True)
    return torch.log10(torch.clamp(basis @ spectra.abs(), min=1e-5))


def trainer(maker, judges):
    kinds = {"lr": 1e-4, "betas": (0.5, 0.9)}
    adam_maker, adam_judges = (torch.optim.Adam(net.parameters(), **kinds) for net in (maker, judges))
    audio, basis, window = 0.1 * torch.randn(BATCH, 1, CROP), torch.rand(MELS, FFT // 2 + 1), torch.hann_window(FFT)

    def step():
        mel = log_mel(audio, basis, window)
        made = maker(mel)
        fake, real = judges(made.detach()), judges(audio)
        loss = sum(torch.relu(1 + maps[-1]).mean() for maps in fake)
        loss = loss + sum(torch.relu(1 - maps[-1]).mean() for maps in real)
        judges.zero_grad()
        loss.backward()
        adam_judges.step()
        fake = judges(made)
        pairs = [(a, b.detach()) for ours, theirs in zip(fake, real) for a, b in zip(ours[:-1], theirs[:-1])]
        features = sum(4 / (LAYERS + 1) / SCALES * nn.functional.l1_loss(a, b) for a, b in pairs)
        hinge = -sum(maps[-1].mean() for maps in fake)
        maker.zero_grad()
        (hinge + FEATURES * features).backward()
        adam_maker.step()
        return loss.item(), hinge.item()

    return step


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    maker = generator()
    seconds = timed(trainer(maker, Judges()), min(options.runs, 3))
    report(options.threads, f"MelGAN.train.batch{BATCH}.seqLen{CROP}", "s/step", seconds)
    for layer in maker.modules():
        if hasattr(layer, "weight_g"):
            remove_weight_norm(layer)
    mel = torch.randn(1, MELS, FRAMES)
    with torch.no_grad():
        seconds = timed(lambda: maker(mel), options.runs)
    report(options.threads, "MelGAN.generate.5s", "s", seconds)
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    report(options.threads, "process.peakMemory", "MB", [peak])


if __name__ == "__main__":
    main()
