"""Draws graphs with torchviz: python drawings.py (torch | numtorch). What is printed is JSON: a list of DOT texts.

Run in a process of its own, because torchviz imports torch, which numtorch here stands in for.
"""

import json
import re
import sys

if sys.argv[1] == "numtorch":
    from numtorch import standin

    standin.install()

import torch
from torchviz import make_dot


def normalised(dot):
    """The text with each id replaced by its number in the order of appearance."""
    numbers = {}
    # Addresses have 12 to 16 digits; an attribute of 20 is an int64 that is shown without its sign.
    return re.sub(r"\b\d{12,16}\b", lambda found: numbers.setdefault(found.group(), f"id{len(numbers)}"), str(dot))


def network():
    """A classifier, drawn with ever more of what torchviz shows."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 2))
    x = torch.randn(5, 4, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(net(x), torch.tensor([0, 1, 0, 1, 1]))
    params = dict(net.named_parameters())
    yield make_dot(loss)
    yield make_dot(loss, params=params)
    yield make_dot(loss, params={**params, "x": x}, show_attrs=True)
    yield make_dot(loss, params=params, show_attrs=True, show_saved=True)


def others():
    """Several roots, views and writes, a derivative's own graph, a recurrence with a shared weight."""
    a = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    b = (a[1:] ** 2).sum() / a.max()
    c = torch.stack([b, a.norm()]).prod()
    yield make_dot((b, c), params={"a": a}, show_attrs=True, show_saved=True)
    v = a * 2
    v[0] = v[1]
    yield make_dot(v.clamp(min=0).view(3, 1), params={"a": a}, show_attrs=True, show_saved=True)
    (g,) = torch.autograd.grad((a**3).sum(), a, create_graph=True)
    yield make_dot(g.exp().mean(), params={"a": a}, show_attrs=True, show_saved=True)
    w = torch.full((3, 3), 0.1, requires_grad=True)
    state = a
    for _ in range(3):
        state = torch.tanh(w @ state)
    yield make_dot(state.sum(), params={"w": w, "a": a})
    yield make_dot(torch.softmax(w, dim=-1)[0].log().sum(), show_attrs=True, show_saved=True, max_attr_chars=10)


if __name__ == "__main__":
    print(json.dumps([normalised(dot) for dot in (*network(), *others())], indent=1))
