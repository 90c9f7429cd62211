"""The table by which the recorder tells an attribute from a method, held against the installed PyTorch."""

import pytest

from conformance.recorder.properties import PROPERTIES, is_property


def test_the_table_of_properties_is_that_of_the_installed_pytorch():
    torch = pytest.importorskip("torch")
    from types import GetSetDescriptorType, MemberDescriptorType

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g

    x = torch.ones(2, requires_grad=True)
    nodes = [(x * x).grad_fn, Double.apply(x).grad_fn, (x * x).grad_fn.next_functions[0][0], x.max(0), x.diag().svd()]
    for kind in (torch.Tensor, torch.nn.Parameter, *map(type, nodes)):
        for name in dir(kind):
            descriptor = next(base.__dict__[name] for base in kind.__mro__ if name in base.__dict__)
            if isinstance(descriptor, property | GetSetDescriptorType | MemberDescriptorType):
                # Tensor.name always is None, Node.name is a method.
                assert is_property(name) or name.startswith("__") or name == "name", (kind, name)

    methods = {name for name in PROPERTIES if callable(getattr(torch.Tensor, name, None))}
    assert methods == {"values", "indices"}
