"""One operator alone: the case that a row of the table makes.

An operand of some shape, dtype and kind of values, at the kinks of the operator now and then; the operator in one of its forms;
and then what is to be known of its derivative: a backward, the gradient of the gradient, or the tangent of forward mode.
One program in three is plain: an engine that knows floating-point tensors, the operator and `backward` can run it.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.case import Case
from conformance.compose import calls
from conformance.compose.composer import LARGEST, Choices, Composer, Known
from conformance.generate import Shape, encode
from conformance.operators import Argument, Operator, Unfit
from conformance.operators.row import STRETCHED, everywhere
from conformance.program import Bind, List, Operand, Operator as OperatorStep, Program, Ref, TensorLiteral, Unpack
from conformance.render import script

BLOCK = 24
"""Bytes that a program is made of."""

SHAPES: tuple[Shape, ...] = (
    (3,),
    (2, 2),
    (2, 3),
    (),
    (1,),
    (2, 3, 2),
    (3, 3),
    (1, 3),
    (2, 1),
    (2, 2, 3),
    (0,),
    (0, 2),
    (1, 1),
    (1, 2, 2),
)
"""Where an operator takes none of some shape, the next is taken that fits."""

_PLAIN_SHAPES: tuple[Shape, ...] = (
    (3,),
    (2, 3),
    (2, 2),
    (1, 1),
    (2, 3, 2),
    (2, 1, 1),
    (1, 2, 2),
    (1, 1),
    (3, 3),
    (2, 2, 3),
    (2, 1),
    (),
)
"""Those of a plain program: none is empty, and in most can a second operand be stretched along several dimensions, or stretch
the first one along several."""

_DTYPES = ("float32",) * 9 + ("float64",) * 5 + ("int64",)
"""What operands are of. Which operators take complex numbers and halves is another question, and random programs ask it."""


def alone(row: Operator, block: bytes) -> Program:
    """The program of an operator that a block of bytes stands for. Raises Unfit if it takes no operand at all."""
    head, rest = Choices(block[:3]), block[3:]
    first, dtype, how = head.number(), str(head.one(_DTYPES)), head.number()
    plain, how = how % 3 == 0, how // 3
    ways = (_say,) if not plain else (_say_plainly, _say) if how % 3 != 2 else (_say_twice, _say_plainly, _say)
    for say in ways:  # the next where no shape allows it
        shapes = SHAPES if say is _say else _PLAIN_SHAPES
        for offset in range(len(shapes)):
            composer, shape = Composer(), shapes[(first + offset) % len(shapes)]
            if not row.fits(shape):
                continue
            try:
                say(composer, Choices(rest), row, shape, dtype, how)
            except Unfit:
                continue
            return composer.program()
    raise Unfit


def _say_plainly(
    composer: Composer, choices: Choices, row: Operator, shape: Shape, dtype: str, how: int, twice: bool = False
) -> None:
    """Operands that require grad, the operator, one backward: all that an engine of the first order has.

    What such an engine does wrong is hidden where every program asks for more. Raises Unfit where the operator needs more.
    """
    forms = tuple([form for form in row.forms if form not in calls.INPLACE])
    if not forms:
        raise Unfit
    dtype = dtype if dtype.startswith("float") else "float32"
    x = _operand(
        composer, choices, row, shape, dtype, (row.values, "kinks", "finite" if row.values == "any" else row.values)
    )
    if not choices.chance(10) or twice or not row.arguments:
        composer.method(x.ref, "requires_grad_")
        x = composer.update(x, grad=True)
    form = forms[choices.number(len(forms))]
    calls.apply(composer, choices, row, form, x, _plain_arguments(composer, choices, row, x, twice))
    made = [known for known in composer.live if known.name.startswith("y") and known.floating and known.grad]
    if row.by_values and row.differentiable and x.grad:
        _sum(composer)
    elif made:
        result = made[choices.number(len(made))]
        if choices.number(3) == 2:
            composer.method(result.ref, "sum", out="s")
            composer.method(Ref("s"), "backward")
        else:
            _backward(composer, choices, [result], [])


def _say_twice(composer: Composer, choices: Choices, row: Operator, shape: Shape, dtype: str, how: int) -> None:
    """Plainly, with one tensor as every operand that it can be: each use has its part in the gradient."""
    _say_plainly(composer, choices, row, shape, dtype, how, twice=True)


def _plain_arguments(composer: Composer, choices: Choices, row: Operator, x: Known, twice: bool) -> calls.Given:
    given = calls.Given()
    for argument in row.arguments:
        if argument.optional:
            continue
        number = choices.number()
        # Stretched more often than a number drawn by itself would say.
        how = choices.number(3) if argument.tensor else 0
        number = (number, number // 8 * 8 + STRETCHED, everywhere(x.shape))[how]
        if argument.tensor and row.without("broadcast"):
            number = 0
        if twice and argument.tensor:
            number = next((one for one in range(LARGEST) if argument.choose(x.shape, one) == x.shape), number)
        chosen = argument.choose(x.shape, number)
        given.seen = (*given.seen, chosen)
        operand: Operand = chosen  # type: ignore[assignment]
        if argument.tensor:
            known = _plain_tensor(composer, choices, row, argument, chosen, x, twice)  # type: ignore[arg-type]
            given.tensors.append(known)
            operand = known.ref
        if argument.keyword:
            given.keywords[argument.keyword] = operand
        else:
            given.positional.append(operand)
    if twice and x not in given.tensors:
        raise Unfit
    return given


def _plain_tensor(
    composer: Composer, choices: Choices, row: Operator, argument: Argument, shape: Shape, x: Known, twice: bool
) -> Known:
    if argument.tensor != "float":
        raise Unfit
    if twice and shape == x.shape and not row.without("twice"):
        return x
    values = "positive" if row.without("signs") else "finite" if argument.values == "any" else argument.values
    known = composer.tensor(choices, shape, x.dtype, values, reuse=False)
    if not choices.chance(20):
        composer.method(known.ref, "requires_grad_")
        known = composer.update(known, grad=True)
    return known


def _say(composer: Composer, choices: Choices, row: Operator, shape: Shape, dtype: str, how: int) -> None:
    x = _operand(composer, choices, row, shape, dtype, (row.values, row.values, "kinks", "any", "special"))
    form = row.forms[choices.number(len(row.forms))]
    forward = x.floating and how % 4 == 3 and form not in calls.INPLACE and not row.without("tangent")
    if forward:  # of an operand that requires no grad: the tangent is what matters, and not how it was computed
        x, composer.tracking = _dual(composer, choices, x), False
    elif x.floating and not choices.chance(10):
        composer.method(x.ref, "requires_grad_")
        x = composer.update(x, grad=True)
    leaves = [x]
    if form in calls.INPLACE:
        out = composer.name("y")
        composer.append(OperatorStep(operator="mul", args=(x.ref, 1), out=out))
        x = Known(out, x.shape, x.dtype, x.grad, False)
    composer.live = [x]
    calls.call(composer, choices, row, (form,), x)
    results = [known for known in composer.live if known.name.startswith("y")]
    made = [known for known in results if known.floating and (known.grad or forward)]
    leaves += [known for known in composer.live if known.grad and known.leaf and known not in leaves]
    if forward:
        _tangents(composer, made)
    elif row.by_values and row.differentiable and x.grad:
        _sum(composer)
    elif made:
        derive = _second if how % 2 and not row.without("second") else _backward
        derive(composer, choices, made, leaves)


def _operand(
    composer: Composer, choices: Choices, row: Operator, shape: Shape, dtype: str, kinds: tuple[str, ...]
) -> Known:
    values = str(choices.one(kinds))
    usual = "finite" if row.without("odd") and row.values == "any" else row.values
    if (row.finite or row.without("odd")) and values in ("any", "special"):
        values = "finite"
    if row.without("signs"):
        values = usual = "positive"
    if values != "kinks" or not row.kinks or not dtype.startswith(("float", "bfloat")):
        return composer.tensor(choices, shape, dtype, usual if values == "kinks" else values, reuse=False)
    literal = composer.literal(choices, shape, dtype, usual)
    width = len(encode([0.0], dtype))
    edges = [encode([kink], dtype) for kink in row.kinks]
    old = [literal.data[at : at + width] for at in range(0, len(literal.data), width)]
    # Every second element lies on a kink, so that a rule that takes the kink of one element for all of them is seen, too.
    data = b"".join([edges[index // 2 % len(edges)] if index % 2 == 0 else one for index, one in enumerate(old)])
    name = composer.name("x")
    composer.append(Bind(out=name, value=TensorLiteral(dtype, shape, data)))
    return composer.alive(Known(name, shape, dtype))


def _backward(composer: Composer, choices: Choices, made: list[Known], leaves: list[Known]) -> None:
    seeds = [composer.tensor(choices, known.shape, known.dtype, "distinct", reuse=False).ref for known in made]
    if len(made) == 1:
        composer.method(made[0].ref, "backward", seeds[0])
    else:
        roots = List(tuple([known.ref for known in made]))
        composer.call("torch.autograd.backward", roots, List(tuple(seeds)))


def _second(composer: Composer, choices: Choices, made: list[Known], leaves: list[Known]) -> None:
    """The gradient, and the gradient of that."""
    seeds = [composer.tensor(choices, known.shape, known.dtype, "distinct", reuse=False).ref for known in made]
    several: tuple[Operand, ...] = (
        List(tuple([known.ref for known in made])),
        List(tuple([known.ref for known in leaves])),
        List(tuple(seeds)),
    )
    composer.call("torch.autograd.grad", *several, create_graph=True, allow_unused=True, out="t")
    names = tuple([composer.name("g") for _ in leaves])
    composer.append(Unpack(value=Ref("t"), outs=names, drops=("t",)))
    for name, known in zip(names, leaves, strict=True):
        weights = composer.tensor(choices, known.shape, known.dtype, "distinct", reuse=False)
        composer.method(Ref(name), "backward", weights.ref, retain_graph=True)


def _dual(composer: Composer, choices: Choices, x: Known) -> Known:
    tangent = composer.tensor(choices, x.shape, x.dtype, "distinct", reuse=False)
    composer.call("torch.autograd.forward_ad.enter_dual_level")
    composer.call("torch.autograd.forward_ad.make_dual", x.ref, tangent.ref, out="d")
    return Known("d", x.shape, x.dtype, False, False)


def _tangents(composer: Composer, made: list[Known]) -> None:
    """What forward mode says of each result: a pair, observed as it is."""
    for known in made:
        composer.call("torch.autograd.forward_ad.unpack_dual", known.ref, out=composer.name("t"))


def _sum(composer: Composer) -> None:
    """A backward through a result whose shape only the values say."""
    (out,) = (getattr(composer.steps[-1], "out", None),)
    assert out is not None
    composer.method(Ref(out), "sum", out="s")
    composer.method(Ref("s"), "backward")


class OperatorCase(Case):
    """The case of one operator, in the catalogue beside those that somebody wrote."""

    def __init__(self, row: Operator) -> None:
        self.row = row
        self.feature, self.name = "operators", row.name.strip("_")
        self.id = f"{self.feature}/{self.name}"
        self.module = "conformance.cases.operators"
        self.file = ""
        written = (
            row.function or f"Tensor.{row.method or row.inplace}" if not row.symbol else row.function or row.symbol
        )
        self.left_out = dict
        self.sentence = f"{_named(row, written)} has PyTorch's values and derivatives in every form."
        self.lecture = ""
        self.requires: tuple[str, ...] = ()
        self.covers: tuple[str, ...] = ()
        self.observe = "every"
        self.by_processor = False

    @property
    def source(self) -> str:
        """The simplest program of the operator, as a script."""
        return script(alone(self.row, b""))

    def inputs(self) -> SearchStrategy[Any]:
        return st.binary(min_size=BLOCK, max_size=BLOCK)

    def record(self, inputs: Any) -> Program:
        return alone(self.row, inputs)


def _named(row: Operator, written: str) -> str:
    names = (written.rpartition(".")[2], written.removeprefix("torch.").replace(".", "_"))
    short = written.removeprefix("torch.") if len(written) > 40 else written  # a sentence fits on a line of the report
    return short if row.name in names else f"{short} ({row.name})"
