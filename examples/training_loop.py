"""The loop of every tutorial: two spirals are told apart by a network of modules, in shuffled batches, at a falling rate.

python examples/training_loop.py             with PyTorch
python -m numtorch examples/training_loop.py     with numtorch
"""

import math

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


def spirals(count, noise=0.1):
    """Points on two spirals, and on which of them each is."""
    which = torch.arange(count) % 2
    angle = 0.5 + 1.5 * math.pi * torch.rand(count)
    turned = angle + math.pi * which
    points = torch.stack([angle * turned.cos(), angle * turned.sin()], dim=1)
    return TensorDataset(points + noise * torch.randn(count, 2), which)


def accuracy(model, dataset):
    """Which part of a dataset the model tells right."""
    model.eval()
    with torch.no_grad():
        right = sum((model(x).argmax(1) == which).sum().item() for x, which in DataLoader(dataset, batch_size=100))
    return right / len(dataset)


def train(epochs=10, width=32, seed=0):
    """The loss of each step, and how much of what was held back is told right."""
    torch.manual_seed(seed)
    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
    seen, held_back = random_split(spirals(500), [0.8, 0.2])
    loader = DataLoader(seen, batch_size=80, shuffle=True)
    model = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Dropout(0.05), nn.Linear(width, width), nn.ReLU())
    model.append(nn.Linear(width, 2)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    entropy = nn.CrossEntropyLoss()
    step = 0
    for _ in range(epochs):
        model.train()
        for x, which in loader:
            loss = entropy(model(x.to(device)), which.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            print(f"{step:3d} {loss.item():.6f}")
            step += 1
        schedule.step()
    print(f"right: {accuracy(model, held_back):.0%}")


if __name__ == "__main__":
    train()
