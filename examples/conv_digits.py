"""Handwritten digits (scikit-learn's) told apart by a small convolutional network with batch normalization.

python examples/conv_digits.py             with PyTorch
python -m numtorch examples/conv_digits.py     with numtorch
"""

import torch
from sklearn.datasets import load_digits
from torch import nn


def network():
    """Two convolutions, each normalized over its batch, and a linear layer over what pooling leaves."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding="same"),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


def train(steps=50, batch=64, seed=0):
    """The loss of each step, and the share of the last digits that are told right, by the running statistics."""
    torch.manual_seed(seed)
    digits = load_digits()
    images = torch.from_numpy(digits.images).float().unsqueeze(1) / 16
    labels = torch.from_numpy(digits.target).long()
    known, held_back = slice(0, 1500), slice(1500, None)
    model = network()
    measure = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    losses = []
    for _ in range(steps):
        chosen = torch.randperm(1500)[:batch]
        optimizer.zero_grad()
        loss = measure(model(images[known][chosen]), labels[known][chosen])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        right = (model(images[held_back]).argmax(1) == labels[held_back]).float().mean().item()
    return losses, right


if __name__ == "__main__":
    losses, right = train()
    for step, loss in enumerate(losses):
        print(f"{step:3d} {loss:.6f}")
    print(f"{right:.1%} of the digits held back are told right")
