"""PyTorch's side of weights.ts: loads what convert wrote, repeats the logits, and saves files for convert to read.

Usage: python3 tests/interop/weights.py DIR
"""

import json
import sys

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn


class EventRnn(nn.Module):
    """The network in PyTorch's own layers, named as the original names them."""

    def __init__(self, hparams):
        super().__init__()
        self.hparams = hparams
        events, hidden, layers = (hparams[key] for key in ("eventDim", "hiddenDim", "gruLayers"))
        self.inithid_fc = nn.Linear(hparams["initDim"], layers * hidden)
        self.event_embedding = nn.Embedding(events, events)
        self.concat_input_fc = nn.Linear(events + 1 + hparams["controlDim"], hidden)
        if "attentionWindow" in hparams:
            self.self_attention = nn.MultiheadAttention(hidden, hparams["attentionHeads"])
            self.attention_output = nn.LayerNorm(hidden)
        self.gru = nn.GRU(hidden, hidden, num_layers=layers)
        self.output_fc = nn.Linear(layers * hidden, events)

    def start(self, latent):
        layers, hidden = self.hparams["gruLayers"], self.hparams["hiddenDim"]
        flat = torch.tanh(self.inithid_fc(latent))
        if self.hparams["upstreamInitToHidden"]:
            return flat.view(layers, len(latent), hidden)
        return flat.view(len(latent), layers, hidden).transpose(0, 1).contiguous()

    def attend(self, x):
        """Causal over the last inputs; a score falls with distance by a slope for each head."""
        time, heads = len(x), self.hparams["attentionHeads"]
        distance = torch.arange(time)[:, None] - torch.arange(time)
        seen = (distance >= 0) & (distance < self.hparams["attentionWindow"])
        slopes = 2.0 ** (-8 * torch.arange(1, heads + 1) / heads)
        if self.hparams["attentionBias"] == "none":
            slopes = torch.zeros(heads)
        bias = torch.where(seen, -slopes[:, None, None] * distance, -torch.inf)
        attended, _ = self.self_attention(x, x, x, attn_mask=bias.repeat(x.shape[1], 1, 1))
        return self.attention_output(attended + x)

    def forward(self, latent, events, controls):
        """latent [batch, initDim], events [time, batch], controls [time, batch, controlDim] or None."""
        flag = torch.full((*events.shape, 1), 1.0 if controls is None else 0.0)
        if controls is None:
            controls = torch.zeros(*events.shape, self.hparams["controlDim"])
        x = torch.cat([self.event_embedding(events), flag, controls], -1)
        x = nn.functional.leaky_relu(self.concat_input_fc(x), 0.1)
        if "attentionWindow" in self.hparams:
            x = self.attend(x)
        hidden, logits = self.start(latent), []
        for step in x:
            _, hidden = self.gru(step[None], hidden)
            logits.append(self.output_fc(hidden.transpose(0, 1).reshape(len(latent), -1)))
        return torch.stack(logits)


def check(directory, name):
    path = f"{directory}/{name}.safetensors"
    with safe_open(path, "pt") as file:
        hparams = json.loads(file.metadata()["hparams"])
    model = EventRnn(hparams).eval()
    state = load_file(path)
    model.load_state_dict(state, strict=True)
    probe = load_file(f"{directory}/{name}-probe.safetensors")
    for kind, controls in (("steered", probe["controls"]), ("free", None)):
        with torch.no_grad():
            logits = model(probe["latent"], probe["events"].long(), controls)
        error = (logits - probe[kind]).abs().max().item()
        largest = logits.abs().max().item()
        print(f"{name}, {kind}: {list(logits.shape)}, error {error:.2e} of {largest:.3g}")
        assert error <= 2e-5 * max(1, largest), error
    return model, state, probe


def save(value, path):
    torch.save(value, f"{path}-zip.pt")
    torch.save(value, f"{path}-legacy.pt", _use_new_zipfile_serialization=False)


def train(model, probe, path):
    """Three steps of Adam; the original's checkpoint, and the moments by key."""
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-4, betas=(0.85, 0.995))
    events = probe["events"].long()
    for _ in range(3):
        logits = model(probe["latent"], events, probe["controls"])
        loss = nn.functional.cross_entropy(logits[:-1].flatten(0, 1), events[1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    state = {"step": 4, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
    save(state, path)
    moments = {
        f"{key}/{moment}": optimizer.state[value][moment]
        for key, value in model.named_parameters()
        for moment in ("exp_avg", "exp_avg_sq")
    }
    save_file(moments | {k: v.contiguous() for k, v in state["model"].items()}, f"{path}.safetensors")


if __name__ == "__main__":
    directory = sys.argv[1]
    torch.manual_seed(1)
    for name in ("performance_rnn", "performance_rnn_attentive", "upstream_attention"):
        model, state, probe = check(directory, name)
        save(state, f"{directory}/{name}-bare")
        train(model.train(), probe, f"{directory}/{name}-trained")
