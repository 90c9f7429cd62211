"""Writing: results put into given tensors, items at every kind of index, memory exchanged."""

from conformance.compose.phrase import floating, leaf, like, one_of, phrase, seed_for, vector


@phrase(grad=False)
def result_goes_into_out(
    torch,
    x: floating,
    y: like("x", reuse=True),
    op: one_of("add", "mul", "sub", "atan2", "maximum"),
    into: one_of("new", "empty", "operand", "double", "int", "no_grad"),
):
    if into == "new":
        out = torch.zeros_like(y)
    elif into == "empty":
        out = (
            torch.zeros_like(y).flatten()[:0].clone()
        )  # of y's dtype: in any other PyTorch gives it a shape without memory
    elif into == "operand":
        out = y
    elif into == "double":
        out = torch.zeros_like(y, dtype=torch.float64)
    else:
        out = torch.zeros_like(y, dtype=torch.int64)
    if into == "no_grad":
        with torch.no_grad():
            getattr(torch, op)(x, y, out=torch.zeros_like(y))
    getattr(torch, op)(x, y, out=out)


@phrase
def items_are_written(
    torch,
    x: vector,
    seed: seed_for("x"),
    kind: one_of(
        "number",
        "last",
        "slice",
        "step",
        "ellipsis",
        "none",
        "list",
        "indices",
        "mask",
        "rows",
        "bool",
        "pair",
        "empty",
    ),
    what: one_of("number", "tensor", "own"),
):
    out = x * 1
    indices = {
        "number": 0,
        "last": -1,
        "slice": slice(0, 1),
        "step": slice(None, None, 2),
        "ellipsis": ...,
        "none": None,
        "list": [0, -1],
        "indices": torch.tensor([0, 0, -1]),
        "mask": out.detach() > 0,
        "rows": (torch.tensor([0]), ...),
        "bool": True,
        "pair": (0, ..., None),
        "empty": slice(0, 0),
    }
    index = indices[kind]
    out[index]
    if what == "number":
        out[index] = 2.5
    elif what == "tensor":
        out[index] = seed.flatten()[0]
    else:
        out[index] = out[index] * 2
    out.backward(seed, retain_graph=True)


@phrase
def item_in_place(torch, x: vector, seed: seed_for("x"), op: one_of("add", "mul", "sub")):
    out = x * 1
    if op == "add":
        out[0] += 2
    elif op == "mul":
        out[0] *= out[-1]
    else:
        out[-1:] -= x[0]
    out.backward(seed, retain_graph=True)


@phrase
def memory_is_exchanged(torch, x: leaf, y: like("x", "smooth"), how: one_of("data", "set_", "copy_", "swap")):
    if how == "data":
        x.data = y
    elif how == "set_":
        with torch.no_grad():
            x.set_(y)
    elif how == "copy_":
        with torch.no_grad():
            x.copy_(y)
    else:
        x.data, y.data = y.data, x.data
    out = x * 2


@phrase
def number_in_several_dtypes(
    torch,
    x: floating,
    dtype: one_of("float64", "float16", "bfloat16", "complex64", "int64", "bool", "int32", "uint8"),
    op: one_of("mul", "add", "sub", "div"),
    first: one_of(False, True),
):
    y = x.detach().to(getattr(torch, dtype))
    out = getattr(torch, op)(*((y, x) if first else (x, y)))
    out.sum().backward(retain_graph=True)


@phrase
def converted(
    torch, x: floating, dtype: one_of("float64", "float16", "bfloat16", "complex64"), how: one_of("to", "type")
):
    y = getattr(x, how)(getattr(torch, dtype))
    z = y * y
    z.sum().backward(retain_graph=True)


PHRASES = (
    result_goes_into_out,
    items_are_written,
    items_are_written,
    items_are_written,
    item_in_place,
    memory_is_exchanged,
    number_in_several_dtypes,
    converted,
)
