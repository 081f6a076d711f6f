"""One step of PyTorch's Adam from the recorded checkpoint, for convert_test.ts: what a converted run must repeat.

Usage: python3 tests/interop/adam_step.py

Reads tests/golden/checkpoint-performancernn-zip.pt and writes tests/interop/adam_step.safetensors: every parameter
after a step whose gradient at flat index i is ((7919 i mod 1000) - 500) / 1000. Needs `pip install torch safetensors`.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

here = Path(__file__).parent
checkpoint = torch.load(here / "../golden/checkpoint-performancernn-zip.pt", weights_only=True)
parameters = {key: torch.nn.Parameter(value) for key, value in checkpoint["model"].items()}
optimizer = torch.optim.Adam(parameters.values(), lr=0.5)  # the settings are the checkpoint's own
optimizer.load_state_dict(checkpoint["optimizer"])
for value in parameters.values():
    index = torch.arange(value.numel(), dtype=torch.float64)
    value.grad = (((7919 * index) % 1000 - 500) / 1000).float().view(value.shape)
optimizer.step()
tensors = {key: value.detach().contiguous() for key, value in parameters.items()}
save_file(tensors, here / "adam_step.safetensors", {"torch": torch.__version__})
