"""Handwritten digits (scikit-learn's) told apart by a small network, with an optimiser written by hand.

python examples/digits.py             with PyTorch
python -m numtorch examples/digits.py     with numtorch
"""

import torch
from sklearn.datasets import load_digits
from torch.nn import functional as F


class Momentum:
    """Gradient descent with momentum, weight decay, and a rate that falls as a cosine."""

    def __init__(self, parameters, rate, momentum, decay, steps):
        self.parameters = list(parameters)
        self.rate, self.momentum, self.decay, self.steps = rate, momentum, decay, steps
        self.velocities = [torch.zeros_like(p) for p in self.parameters]
        self.count = 0

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self):
        angle = torch.tensor(self.count / self.steps * torch.pi)
        rate = 0.5 * self.rate * (1 + torch.cos(angle).item())
        for p, velocity in zip(self.parameters, self.velocities, strict=True):
            velocity.mul_(self.momentum).add_(p.grad + self.decay * p)
            p -= rate * velocity
        self.count += 1


def train(steps=50, batch=64, seed=0):
    """The loss of each step, and the share of the last digits that are told right."""
    torch.manual_seed(seed)
    digits = load_digits()
    images = torch.from_numpy(digits.data).float() / 16
    labels = torch.from_numpy(digits.target).long()
    known, held_back = slice(0, 1500), slice(1500, None)
    w1 = (torch.randn(64, 48) * (2 / 64) ** 0.5).requires_grad_()
    b1 = torch.zeros(48, requires_grad=True)
    w2 = (torch.randn(48, 10) * (1 / 48) ** 0.5).requires_grad_()
    b2 = torch.zeros(10, requires_grad=True)

    def scores(x):
        return torch.relu(x @ w1 + b1) @ w2 + b2

    optimizer = Momentum([w1, b1, w2, b2], rate=0.1, momentum=0.9, decay=1e-4, steps=steps)
    losses = []
    for _ in range(steps):
        chosen = torch.randperm(1500)[:batch]
        loss = F.cross_entropy(scores(images[known][chosen]), labels[known][chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        right = (scores(images[held_back]).argmax(1) == labels[held_back]).float().mean().item()
    return losses, right


if __name__ == "__main__":
    losses, right = train()
    for step, loss in enumerate(losses):
        print(f"{step:3d} {loss:.6f}")
    print(f"{right:.1%} of the digits held back are told right")
