"""Inference tensors that require grad, outside of their mode: which calls autograd sees, and what their kernels record."""

from hypothesis import strategies as st

from conformance.case import case

REQUIRES = ("inference_mode", "backward")


def leaf(torch, *shape):
    """Ones of inference mode that require grad."""
    with torch.inference_mode():
        return torch.ones(shape).requires_grad_()


BESIDE = {
    "index": lambda torch, x, ordinary: x[ordinary(torch.tensor([1, 0]))],
    "index behind a slice": lambda torch, x, ordinary: x[:, ordinary(torch.tensor([1, 0]))],
    "mask": lambda torch, x, ordinary: x[ordinary(torch.tensor([True, False]))],
    "index_put": lambda torch, x, ordinary: x.index_put((ordinary(torch.tensor([1, 0])),), torch.zeros(())),
    "where": lambda torch, x, ordinary: torch.where(ordinary(torch.tensor([True, False, True])), x, x),
    "masked_fill": lambda torch, x, ordinary: x.masked_fill(ordinary(torch.ones(2, 3).bool()), 2.0),
    "masked_fill of rows": lambda torch, x, ordinary: x.masked_fill(ordinary(torch.ones(3).bool()), 2.0),
    "index_select": lambda torch, x, ordinary: x.index_select(0, ordinary(torch.tensor([1, 0]))),
    "gather": lambda torch, x, ordinary: x.gather(0, ordinary(torch.zeros(1, 3).long())),
    "index_fill": lambda torch, x, ordinary: x.index_fill(0, ordinary(torch.tensor([1])), 2.0),
    "masked_scatter": lambda torch, x, ordinary: x.masked_scatter(ordinary(torch.ones(2, 3).bool()), x),
    "put": lambda torch, x, ordinary: x.put(ordinary(torch.tensor([1])), x[0, :1]),
}


@case(requires=["indexing"])
def index_of_another_kind_brings_autograd_to_an_inference_leaf(
    torch, name: st.sampled_from(sorted(BESIDE)), ordinary: st.booleans()
):
    """Autograd sees a call over an inference leaf where its index is none, or else a write to a copy."""
    x = leaf(torch, 2, 3)

    def beside(index):
        return index

    def within(index):
        with torch.inference_mode():
            return index.clone()

    y = BESIDE[name](torch, x, beside if ordinary else within)
    y.sum().backward()
    x.grad


COPIES = {
    "clone": lambda torch, x: x.clone(),
    "double": lambda torch, x: x.double(),
    "half": lambda torch, x: x.half(),
    "complex": lambda torch, x: x.to(torch.complex64).real,
    "sort": lambda torch, x: x.sort(0)[0],
    "msort": lambda torch, x: x.msort(),
    "scatter": lambda torch, x: x.scatter(0, inside(torch, [[0]]), x),
    "scatter_add": lambda torch, x: x.scatter_add(0, inside(torch, [[0]]), x),
    "index_copy": lambda torch, x: x.index_copy(0, inside(torch, [0]), x[:1]),
    "lu_factor": lambda torch, x: torch.linalg.lu_factor(x[:, :2].clone())[0],
    "flip": lambda torch, x: x[:1, :1].clone().flip(0),
    "log_softmax": lambda torch, x: x.log_softmax(0, dtype=torch.float64),
    "cumsum": lambda torch, x: leaf(torch).cumsum(0),
    "max": lambda torch, x: leaf(torch).max(0)[0],
    "topk": lambda torch, x: leaf(torch).topk(1)[0],
}


def inside(torch, numbers):
    """Whole numbers of inference mode."""
    with torch.inference_mode():
        return torch.tensor(numbers)


@case(requires=["shape"])
def what_an_inference_leaf_is_copied_to_has_the_history_of_a_copy(torch, name: st.sampled_from(sorted(COPIES))):
    """A kernel that copies an inference leaf to a new tensor records that, outside of the mode."""
    x = leaf(torch, 2, 3)
    y = COPIES[name](torch, x)
    y.sum().backward()
    x.grad


NUMBERS = {
    "fmod": lambda torch, x: x.fmod(2),
    "remainder": lambda torch, x: x % 0.7,
    "reflected remainder": lambda torch, x: 2 % x,
    "reflected difference": lambda torch, x: 2 - x,
    "scaled difference": lambda torch, x: torch.rsub(x, 2, alpha=3),
    "product": lambda torch, x: 2 * x,
    "var": lambda torch, x: x.var(),
    "std": lambda torch, x: x.std(0),
    "isinf": lambda torch, x: x.isinf(),
    "isfinite": lambda torch, x: x.isfinite(),
    "mv": lambda torch, x: x @ x[0],
}


@case(requires=["arithmetic"])
def number_beside_an_inference_leaf_is_a_tensor_to_autograd(torch, name: st.sampled_from(sorted(NUMBERS))):
    """Where a kernel makes a tensor of a number, autograd sees the call over an inference leaf."""
    x = leaf(torch, 2, 3)
    y = NUMBERS[name](torch, x)
    y.sum().backward()
    x.grad


@case(requires=["views", "data"])
def part_of_a_leaf_that_gets_inference_memory_requires_grad_with_it(torch, name: st.sampled_from(["split", "view"])):
    """A part made in inference mode requires grad as its base does, whatever memory that has."""
    x = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        part = x.split(1)[0] if name == "split" else x.view(2, 1)
        part.requires_grad
        x.data = torch.zeros(3)
        part.requires_grad
        x.requires_grad
    part.requires_grad
    part * 2


@case(requires=["inference_mode", "hooks"])
def inference_leaf_has_no_edge_to_hook(torch, which: st.sampled_from(["edge", "several"]), again: st.booleans()):
    """An inference tensor that requires grad has no edge, and takes no hook on several gradients."""
    x = leaf(torch, 2)
    with torch.inference_mode(again):
        if which == "edge":
            torch.autograd.graph.get_gradient_edge(x)
        else:
            torch.autograd.graph.register_multi_grad_hook([x], lambda grads: None)
