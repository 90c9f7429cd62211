"""Learning to learn sines: the gradient goes through the gradient steps that adapt a network to a new curve (MAML).

python examples/meta_learning.py             with PyTorch
python -m numtorch examples/meta_learning.py     with numtorch
"""

import torch


def network(x, parameters):
    """Two hidden layers."""
    w1, b1, w2, b2, w3, b3 = parameters
    h = torch.tanh(x @ w1 + b1)
    h = torch.tanh(h @ w2 + b2)
    return h @ w3 + b3


def loss_of(parameters, x, y):
    """The mean of the squared errors."""
    return (network(x, parameters) - y).pow(2).mean()


def adapted(parameters, x, y, rate, count):
    """The parameters after some steps of gradient descent, as functions of the parameters before."""
    for _ in range(count):
        gradients = torch.autograd.grad(loss_of(parameters, x, y), parameters, create_graph=True)
        parameters = [p - rate * g for p, g in zip(parameters, gradients, strict=True)]
    return parameters


def curve(count):
    """Points on a sine of random height and phase, to adapt to and to be judged by."""
    height, phase = 0.1 + 4.9 * torch.rand(()), 3.14 * torch.rand(())
    x = 10 * torch.rand(2 * count, 1) - 5
    y = height * torch.sin(x + phase)
    return x[:count], y[:count], x[count:], y[count:]


def train(steps=50, tasks=4, width=24, seed=0):
    """The loss, after adaptation, of each step."""
    torch.manual_seed(seed)
    sizes = [(1, width), (width,), (width, width), (width,), (width, 1), (1,)]
    parameters = [(torch.randn(size) / (size[0] ** 0.5 if len(size) == 2 else 10)).requires_grad_() for size in sizes]
    losses = []
    for _ in range(steps):
        total = torch.zeros(())
        for _ in range(tasks):
            x, y, x_new, y_new = curve(10)
            total = total + loss_of(adapted(parameters, x, y, 0.02, 2), x_new, y_new)
        loss = total / tasks
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for p, g in zip(parameters, gradients, strict=True):
                p -= 0.01 * g
        losses.append(loss.item())
    return losses


if __name__ == "__main__":
    for step, loss in enumerate(train()):
        print(f"{step:3d} {loss:.6f}")
