"""The figures of `deno task bench performance_rnn --json`, from PyTorch: the same network, sizes and work.

usage: OMP_WAIT_POLICY=PASSIVE python3 bench/performance_rnn_torch.py [--threads N] [--runs N] [--attentive]

With --attentive, those of `bench performance_rnn_attentive` with a window of 1, as the original attends.

Needs `pip install torch numpy`. One JSON object a line; `value` is the fastest run.
"""

import argparse
import resource

import torch
from torch import nn
from torch_timing import report, timed

EVENTS, CONTROLS, HIDDEN, LAYERS, LATENT = 240, 24, 512, 3, 32
BATCH, WINDOW, STEPS = 64, 200, 200


class PerformanceRnn(nn.Module):
    """Embedding, linear, attention if asked, GRU; the output reads the states of all layers."""

    def __init__(self, attentive=False):
        super().__init__()
        self.attention = nn.MultiheadAttention(HIDDEN, num_heads=8) if attentive else None
        self.norm = nn.LayerNorm(HIDDEN)
        self.latent = nn.Linear(LATENT, LAYERS * HIDDEN)
        self.embedding = nn.Embedding(EVENTS, EVENTS)
        self.input = nn.Linear(EVENTS + 1 + CONTROLS, HIDDEN)
        self.gru = nn.GRU(HIDDEN, HIDDEN, num_layers=LAYERS, dropout=0.3)
        self.output = nn.Linear(LAYERS * HIDDEN, EVENTS)

    def start(self, latent):
        states = torch.tanh(self.latent(latent)).view(-1, LAYERS, HIDDEN)
        return states.transpose(0, 1).contiguous()

    def step(self, event, control, hidden):
        """`event` [batch]; gives logits [batch, events] and the next state: one step of the original's loop."""
        flag = torch.full((len(event), 1), 0.0 if control is not None else 1.0)
        given = control if control is not None else torch.zeros(len(event), CONTROLS)
        x = torch.cat([self.embedding(event), flag, given], -1)
        x = nn.functional.leaky_relu(self.input(x), 0.1)
        x = x[None]
        if self.attention is not None:
            x = self.norm(self.attention(x, x, x)[0] + x)
        _, hidden = self.gru(x, hidden)
        return self.output(hidden.transpose(0, 1).reshape(len(event), -1)), hidden


def compose(model, batch, greedy):
    with torch.no_grad():
        hidden = model.start(torch.zeros(batch, LATENT))
        event = torch.full((batch,), EVENTS - 1)
        for _ in range(STEPS):
            logits, hidden = model.step(event, None, hidden)
            if greedy:
                event = logits.argmax(-1)
            else:
                event = torch.multinomial(torch.softmax(logits, -1), 1)[:, 0]


def trainer(model):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    events = torch.randint(EVENTS, (WINDOW, BATCH))
    controls = torch.rand(WINDOW, BATCH, CONTROLS)
    latent = torch.randn(BATCH, LATENT)

    def step():
        event, hidden, logits = torch.full((BATCH,), EVENTS - 1), model.start(latent), []
        for t in range(WINDOW):
            out, hidden = model.step(event, controls[t], hidden)
            logits.append(out)
            event = events[t]
        loss = nn.functional.cross_entropy(torch.cat(logits), events.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--attentive", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = PerformanceRnn(options.attentive).eval()
    title = "PerformanceRNNattentive.window1" if options.attentive else "PerformanceRNN"
    for batch in (1, 8):
        for name, greedy in (("greedy", True), ("sampled", False)):
            seconds = timed(lambda: compose(model, batch, greedy), options.runs)
            figure = f"{title}.generate.{name}.batch{batch}"
            report(options.threads, figure, "ms/step", [1000 * s / STEPS for s in seconds])
    seconds = timed(trainer(model.train()), min(options.runs, 3))
    report(options.threads, f"{title}.train.batch{BATCH}.window{WINDOW}", "s/step", seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    report(options.threads, "process.peakMemory", "MB", [peak])


if __name__ == "__main__":
    main()
