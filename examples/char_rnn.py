"""A recurrent network that learns to write, letter by letter, with a cell of its own.

python examples/char_rnn.py             with PyTorch
python -m numtorch examples/char_rnn.py     with numtorch
"""

import torch
from torch import nn

TEXT = (
    "the quick brown fox jumps over the lazy dog; pack my box with five dozen liquor jugs; "
    "how vexingly quick daft zebras jump; sphinx of black quartz, judge my vow; "
) * 4


class Cell(nn.Module):
    """A gated cell: how much of the old state is kept is decided for each unit."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.gate = nn.Linear(inputs + hidden, hidden)
        self.candidate = nn.Linear(inputs + hidden, hidden)

    def forward(self, x, state):
        both = torch.cat([x, state], dim=1)
        keep = torch.sigmoid(self.gate(both))
        return keep * state + (1 - keep) * torch.tanh(self.candidate(both))


class Writer(nn.Module):
    """Letters in, scores of the next letter out."""

    def __init__(self, letters, width=16, hidden=32):
        super().__init__()
        self.table = nn.Embedding(letters, width)
        self.cell = Cell(width, hidden)
        self.scores = nn.Linear(hidden, letters)
        self.hidden = hidden

    def forward(self, text):
        state = torch.zeros(text.shape[0], self.hidden)
        out = []
        for step in range(text.shape[1]):
            state = self.cell(self.table(text[:, step]), state)
            out.append(self.scores(state))
        return torch.stack(out, dim=1)


def train(steps=50, length=24, batch=8, seed=0):
    """The loss of each step."""
    torch.manual_seed(seed)
    letters = sorted(set(TEXT))
    data = torch.tensor([letters.index(letter) for letter in TEXT])
    writer = Writer(len(letters))
    optimizer = torch.optim.Adam(writer.parameters(), lr=0.01)
    losses = []
    for _ in range(steps):
        starts = torch.randint(0, len(data) - length - 1, (batch,)).tolist()
        rows = torch.stack([data[start : start + length + 1] for start in starts])
        scores = writer(rows[:, :-1])
        loss = nn.functional.cross_entropy(scores.reshape(-1, len(letters)), rows[:, 1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        squared = sum((p.grad**2).sum() for p in writer.parameters())
        scale = min(1.0, 1.0 / (squared.sqrt().item() + 1e-6))
        for p in writer.parameters():
            p.grad.mul_(scale)
        optimizer.step()
        losses.append(loss.item())
    return losses


if __name__ == "__main__":
    for step, loss in enumerate(train()):
        print(f"{step:3d} {loss:.6f}")
