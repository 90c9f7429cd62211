"""Anomaly mode leaves no trace where it is off; what it does is in the cases of conformance/cases/anomaly.py."""

import threading

import pytest

import numtorch as torch
from numtorch.nodes.graph import Node


@pytest.fixture(autouse=True)
def switched_off():
    yield
    torch.set_anomaly_enabled(False)


def test_a_node_is_a_plain_slot_again_when_the_mode_is_off():
    slot = Node.__dict__["seq"]
    with torch.autograd.set_detect_anomaly(True):
        assert Node.__dict__["seq"] is not slot
    assert Node.__dict__["seq"] is slot


def test_a_node_made_outside_of_the_mode_has_no_extra_part():
    x = torch.ones(2, requires_grad=True)
    with torch.autograd.set_detect_anomaly(True):
        inside = x * 2
    assert (inside * 3).grad_fn.extra is None
    assert list(inside.grad_fn.extra.metadata) == ["traceback_"]


def test_the_mode_is_that_of_all_threads():
    seen = []
    with torch.autograd.set_detect_anomaly(True):
        thread = threading.Thread(target=lambda: seen.append(torch.is_anomaly_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_gradients_are_the_same_with_the_mode_on():
    def gradient():
        x = torch.tensor([0.5, -1.0], requires_grad=True)
        y = (x * x).sin() + x.exp()
        (y.sum() * y.mean()).backward()
        return x.grad.tolist()

    expected = gradient()
    with torch.autograd.set_detect_anomaly(True):
        assert gradient() == expected
