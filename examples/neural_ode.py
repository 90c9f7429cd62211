"""A neural ordinary differential equation that learns a spiral, through Runge-Kutta steps that are computed again in backward.

python examples/neural_ode.py             with PyTorch
python -m numtorch examples/neural_ode.py     with numtorch
"""

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


class Field(nn.Module):
    """The derivative of the state."""

    def __init__(self, width=24):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, width), nn.Tanh(), nn.Linear(width, 2))

    def forward(self, y):
        return self.net(y**3)


def rk4(field, y, h):
    """One step of the classical Runge-Kutta method."""
    k1 = field(y)
    k2 = field(y + h / 2 * k1)
    k3 = field(y + h / 2 * k2)
    k4 = field(y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def solve(field, y, h, steps, remember):
    """The states after each step; what lies within a step is kept for backward only if `remember`."""
    states = [y]
    for _ in range(steps):
        y = rk4(field, y, h) if remember else checkpoint(rk4, field, y, h, use_reentrant=False)
        states.append(y)
    return torch.stack(states)


def train(steps=50, length=10, h=0.05, seed=0, remember=False):
    """The loss of each step."""
    torch.manual_seed(seed)
    matrix = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]])
    with torch.no_grad():
        truth = solve(lambda y: (y**3) @ matrix, torch.tensor([[2.0, 0.0]]), h / 2, 200, True)[::2]
    field = Field()
    optimizer = torch.optim.Adam(field.parameters(), lr=0.01)
    losses = []
    for _ in range(steps):
        starts = torch.randint(0, len(truth) - length, (16,))
        target = torch.stack([truth[starts + i, 0] for i in range(length + 1)])
        found = solve(field, target[0], h, length, remember)
        loss = (found - target).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


if __name__ == "__main__":
    for step, loss in enumerate(train()):
        print(f"{step:3d} {loss:.6f}")
