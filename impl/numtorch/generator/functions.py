"""Operator functions, a template a kind of row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..kernels import everything as kernels
from ..ops.real_only import NO_COMPLEX_GRADIENTS, NO_HALVES, WHERE, refusal
from ..ops.row import Row
from ..plain_numpy import np
from .recording import Recording
from .result_writes import COPIED, COPIED_WHERE, FILLED, INTO_WHERE, OVER_COPY, RESULT_WRITES, SAVED_BELOW, WRITTEN_INTO

OPERATORS = {"multiply": "*", "add": "+", "subtract": "-", "true_divide": "/", "divide": "/"}

ARITHMETIC = ("add", "sub", "mul", "div")  # the operators with a function of their own for the usual case


OF_PLAIN = {"sum_all": kernels.sum_plain, "mean_all": kernels.mean_plain}
"""Kernels of the usual case that ask the Descriptor of their operand instead of the array."""


def asked_as(row: Row) -> str:
    """The name that the operands of a row are prepared by: what has an alpha multiplies for itself."""
    return row.name if row.name.endswith("_alpha") else row.says


OF_COMPLEX = {np.negative: kernels.negated}
"""Of NumPy's functions those that do otherwise with complex numbers than PyTorch, and who stands in for them there."""


class Functions(Recording):
    """The function of a row, by its template."""

    def has_usual_case(self, row: Row) -> bool:
        """Whether the usual case of the row, plain operands and modes, has lines of its own."""
        if row.template == "unary":
            return bool(row.formulas) and not (row.bool_result or row.saved_values or row.saved_lists)
        return row.name in ARITHMETIC or (row.template == "general" and row.plain_if is not None)

    def unary(self, row: Row) -> None:
        """One operand, and plain values."""
        w = self.body
        (name,) = (p.name for p in row.tensors)
        params = ", ".join(p.name for p in row.params)
        arrays = ", ".join(p.name if p.kind == "value" else p.name + "._array" for p in row.params)
        call = self.call(row, arrays)
        given = ", ".join(p.name for p in row.tensors)
        w(0, f"\n\ndef {row.name}({params}, *, out=None):")
        w(1, f'"""{row.name}({params}) -> Tensor"""')
        w(1, f"if type({name}) is Tensor and (desc := {name}._desc).fast:")
        w(2, f"array = {self.kernel(row)}({arrays})")
        if row.bool_result:
            w(2, "desc = describe(array)")
        if self.has_usual_case(row):
            w(2, f"if {name}._extra is None and out is None and not disabled:")
            self.track_plain(row, 3)
        w(1, "else:")
        exact = f", exactly={row.exact_out!r}" if row.exact_out else ""
        if row.bool_result:
            exact += ", derivable=False"
        refuses = f", {row.refuses!r}" if row.refuses else ""
        with self.refusing(row, 2) as at:
            w(at, f"{name} = plain({name}, {row.says!r}, {row.float_result}{refuses})")
            self.refuse_complex(at, row, f"{name}._desc.dtype")
            if row.row_major:
                w(at, f"array = {call}\ndesc = describe(array)")
            else:
                if row.kernel in OF_COMPLEX:
                    call = f"{self.kernel(row, OF_COMPLEX[row.kernel])}({name}._array)"
                how = f"laid({call}, {row.layout!r}, {name})" if row.layout else f"single({call}, {name})"
                if self.pooled(row):
                    w(at, f"desc = {name}._desc\nif desc.large:")
                    w(at + 1, f"array = into({self.kernel(row)}, desc, {name}._array)")
                    w(at, f"else:\n    array, desc = {how}")
                else:
                    w(at, f"array, desc = {how}")
        if row.formulas and not row.bool_result:
            self.flag(row, 1)
            self.refuse_out(2, row)
            self.recordable(2, row)
            self.track(row, 2)
            w(2, "node.desc = desc")
            self.new_tensor(2, "True", "node")
            self.save_result(row, 2, {"result": ("array", "result")})
            w(2, "return result")
        self.new_tensor(1, "False", "None")
        self.count_writes(row, "result")
        w(1, f"if out is not None:\n    return store(out, result, {row.says!r}, {given}{exact})\nreturn result")

    @contextmanager
    def refusing(self, row: Row, indent: int, written: str = "") -> Iterator[int]:
        """Around the lines that may raise, where autograd has done something by then; yields how far they are indented."""
        if not row.formulas or row.bool_result:
            yield indent
            return
        what = repr(row.name) + f", {written!r}" * bool(written)
        self.body(indent, "try:")
        yield indent + 1
        self.body(indent, f"except Exception as error:\n    autograd_first(error, locals(), {what})\n    raise")

    def refuse_complex(self, depth: int, row: Row, kind: str, unless: str = "", name: str = "") -> None:
        """The lines that refuse complex numbers, and half precision, if the row does; not if a cheaper test fails."""
        error = refusal(name or row.name, row.refuses)
        if error:
            where = f" and {WHERE[row.name]}" if row.name in WHERE else ""
            if row.template in ("unary", "binary") and not name and error.startswith("refused("):
                error = error.replace("{kind})", "{kind}, out)")
            self.body(depth, f"if {unless}{kind}.category == 3{where}:\n    raise {error.replace('{kind}', kind)}")
        kernel = NO_HALVES.get(name or row.name)
        if kernel:
            self.body(depth, f"if {unless}{kind}.is_half:\n    raise refused({kernel!r}, {kind})")

    def refuse_out(self, depth: int, row: Row) -> None:
        """The lines that refuse an `out` that would have a history, before that of the operands is asked for."""
        self.body(depth, f"if out is not None:\n    raise recorded_out(out, {row.says!r})")

    def recordable(self, depth: int, row: Row, desc: str = "desc", cheaper: str = "") -> None:
        """The lines that refuse to record an integral result, and a complex one if the row has no derivative of it."""
        self.body(depth, f"if {cheaper}{desc}.dtype.category < 2:\n    raise undifferentiable({desc})")
        name = NO_COMPLEX_GRADIENTS.get(row.name)
        if name:
            text = f"{name} does not support automatic differentiation for outputs with complex dtype."
            with self.refusing(row, depth) as at:
                self.body(at, f"if {desc}.dtype.category == 3:\n    raise RuntimeError({text!r})")

    def binary(self, row: Row) -> None:
        """Two operands, and plain values."""
        w = self.body
        a, b = (p.name for p in row.tensors)
        params = ", ".join(p.name for p in row.params)

        def call(x: str, y: str) -> str:
            return self.binary_call(row, x, y, halves=True)

        fast = self.binary_call(row, f"{a}._array", f"{b}._array")
        # A plan lays out by its first operand, and says what NumPy's own functions do.
        planned = isinstance(row.kernel, np.ufunc) and not row.last_decides
        row_major = "plan.plain" if planned else f"{a}._desc.plain and {b}._desc.plain"
        given = ", ".join(p.name for p in row.tensors)
        w(0, f"\n\ndef {row.name}({params}, *, out=None):")
        w(1, f'"""{row.name}({params}) -> Tensor"""')
        w(1, "plan = None")
        w(1, f"if type({a}) is Tensor and type({b}) is Tensor and (desc := {a}._desc) is {b}._desc and desc.fast:")
        w(2, f"array = {fast}")
        if not row.tensors_only:
            w(1, f"elif type({a}) is Tensor and (desc := {a}._desc).fast and (")
            w(
                2,
                f"type({b}) is float and {b} in (known := desc.constants)"
                f" or type({b}) is int and {b} in (known := desc.integers)",
            )
            w(1, "):")
            w(2, f"{b} = known[{b}]\narray = {fast}")
        w(
            1,
            f"elif type({a}) is Tensor and type({b}) is Tensor"
            f" and (plan := {a}._desc.plans.get({b}._desc)) is not None and plan.raw and {row_major}:",
        )
        w(2, f"array = {fast}\ndesc = plan.result")
        w(1, "else:")
        with self.refusing(row, 2) as at:
            if row.tensors_only:
                w(at, f"tensors_only({row.says!r}, {a}, {b}, {b!r})")
            w(at, f"found = operands({a}, {b}, {asked_as(row)!r}, {row.float_result})")
            if not row.tensors_only:
                w(at, "if found is NotImplemented:\n    return NotImplemented")
            w(at, f"{a}, {b}, left, right, desc, plan = found")
            if row.refuses:
                w(at, f"if desc.dtype.category < 2:\n    raise refused({row.refuses!r}, desc.dtype)")
            self.refuse_complex(at, row, "desc.dtype")
            if self.pooled(row):
                w(at, f"if desc.large and (plan is None or {row_major}):")
                w(at + 1, f"array = into(np.{row.kernel.__name__}, desc, left, right)")
                w(at, f"else:\n    array = {call('left', 'right')}")
            else:
                w(at, f"array = {call('left', 'right')}")
            order = f"plan_of({b}._desc, {a}._desc).result" if row.last_decides else "desc"
            turned = "not plan.plain" if planned else f"not ({row_major})"
            w(at, f"if plan is not None and {turned}:\n    array, desc = arrange(array, {order})")
        if row.bool_result:
            w(1, "desc = describe(array)")
        elif row.formulas:
            self.flag(row, 1)
            self.refuse_out(2, row)
            self.recordable(2, row)
            self.track(row, 2)
            w(2, "node.desc = desc")
            self.new_tensor(2, "True", "node")
            self.save_result(row, 2, {"result": ("array", "result")})
            w(2, "return result")
        self.new_tensor(1, "False", "None")
        free = ", derivable=False" if row.bool_result else ""
        w(1, f"if out is not None:\n    return store(out, result, {row.says!r}, {given}{free})\nreturn result")

    def operator(self, row: Row) -> None:
        """`x * y` where it is most frequent: plain operands of one shape and type, or a number that was met before."""
        w = self.body
        a, b = row.operands
        fast = self.binary_call(row, f"{a}._array", f"{b}._array")
        w(0, f"\n\ndef {row.name}_operator({a}, {b}):")
        w(1, f'"""{row.name}_operator({a}, {b}) -> Tensor, {a} being a Tensor"""')
        general = f"return {row.name}({a}, {b})"
        w(1, f"desc = {a}._desc\nif not desc.fast or {a}._extra is not None or disabled:\n    {general}")
        w(1, f"if type({b}) is Tensor:")
        w(2, f"if desc is not {b}._desc or {b}._extra is not None:\n    {general}")
        self.track_plain(row, 2, fast, always=True)
        w(1, f"if type({b}) is float:\n    known = desc.constants\nelif type({b}) is int:\n    known = desc.integers")
        w(1, f"else:\n    {general}")
        w(1, f"try:\n    {b} = known[{b}]\nexcept KeyError:\n    pass\nelse:")
        self.track_plain(row, 2, fast, number=b, always=True)
        w(1, general)

    def pooled(self, row: Row) -> bool:
        """Whether a large result lies in memory that is kept (buffers.py)."""
        return isinstance(row.kernel, np.ufunc) and not row.bool_result

    def binary_call(self, row: Row, x: str, y: str, halves: bool = False) -> str:
        """The kernel of two operands, over these arrays; they may be of half precision, if it says so."""
        operator = OPERATORS.get(getattr(row.kernel, "__name__", "")) if isinstance(row.kernel, np.ufunc) else None
        if operator:
            return f"{x} {operator} {y}"
        arrays = iter((x, y))
        given = ", ".join(p.name if p.kind == "value" else next(arrays) for p in row.params)
        return self.call(row, given) if halves else f"{self.kernel(row)}({given})"

    def nary(self, row: Row) -> None:
        w = self.body
        names = ", ".join(p.name for p in row.params)
        given = ", ".join(p.name for p in row.tensors)
        w(0, f"\n\ndef {row.name}({names}, *, out=None):")
        w(1, f'"""{row.name}({names}) -> Tensor"""')
        with self.refusing(row, 1) as at:
            self.nary_call(row, at)
            self.refuse_complex(at, row, "desc.dtype")
            w(at, f"array = {self.nary_kernel(row)}")
        if row.typed_by:
            w(1, f"array = typed(array, desc.dtype, {row.typed_by}._desc.dtype)")
        if row.row_major:
            w(1, "desc = describe(array)")
        else:
            w(1, "if not desc.plain:\n    array, desc = arrange(array, desc)")
        self.flag(row, 1)
        self.refuse_out(2, row)
        self.recordable(2, row)
        self.track(row, 2)
        w(2, "node.desc = desc")
        self.new_tensor(2, "True", "node")
        self.save_result(row, 2, {"result": ("array", "result")})
        w(2, "return result")
        self.new_tensor(1, "False", "None")
        self.count_writes(row, "result")
        w(1, f"return result if out is None else store(out, result, {row.says!r}, {given})")

    def nary_call(self, row: Row, indent: int) -> None:
        """Promote and broadcast the operands."""
        fixed = [p.name for p in row.tensors if p.name not in row.operands]
        self.body(
            indent,
            f"tensors, arrays, desc = together(({', '.join(row.operands)},), "
            f"({''.join(f + ', ' for f in fixed).strip()}){', True' if row.tensors[0].name in fixed else ''})",
        )
        self.body(indent, f"{', '.join(row.operands)}{',' * (len(row.operands) == 1)} = tensors")

    def nary_kernel(self, row: Row, into: Any = None) -> str:
        """The call of the kernel on the promoted arrays; `into`: of the one that writes to the target itself."""
        args = []
        for p in row.params:
            if p.name in row.operands:
                args.append(f"arrays[{row.operands.index(p.name)}]")
            else:
                args.append(p.name if p.kind == "value" else f"{p.name}._array")
        if into:
            return f"{self.kernel(row, into)}({', '.join(['target', *args[1:]])})"
        return self.call(row, ", ".join(args), "desc")

    def general(self, row: Row) -> None:
        w = self.body
        out = ", *, out=None" if len(row.outputs) == 1 else ""
        w(0, f"\n\ndef {row.name}({', '.join(p.name for p in row.params)}{out}):")
        w(
            1,
            f'"""{row.name}({", ".join(p.name for p in row.params)}) -> {"Tensor" if len(row.outputs) == 1 else "tuple"}"""',
        )
        args = []
        for p in row.params:
            if p.kind == "tensor":
                array = f"{p.name}._array"
                args.append(f"None if {p.name} is None else {array}" if p.optional else array)
            elif p.kind == "tensors":
                args.append(f"[t._array for t in {p.name}]")
            else:
                args.append(p.name)
        first = row.tensors[0].name if row.tensors else ""
        call = self.call(
            row, ", ".join(args), f"{first}._desc" if row.tensors and row.tensors[0].kind == "tensor" else ""
        )
        if self.has_usual_case(row):
            self.general_plain(row, args)
        with self.refusing(row, 1) as at:
            if row.float_result:
                w(at, f"if not {first}._desc.real:\n    {first} = plain({first}, {row.name!r}, True)")
            self.refuse_complex(at, row, f"{first}._desc.dtype", f"not {first}._desc.real and ")
            if len(row.outputs) > 1:
                each = "None if a is None else wrap(a)" if row.masked else "wrap(a)"
                w(at, f"arrays = {call}\nresults = [{each} for a in arrays]")
            elif row.layout:
                given = ", ".join(p.name for p in row.tensors if not p.optional)  # which are smaller, if anything
                w(at, f"array, desc = laid({call}, {row.layout!r}, {given})")
            else:
                w(at, f"array = {call}\ndesc = describe(array)")
        if len(row.outputs) == 1:
            if row.formulas:
                self.flag(row, 1)
                self.refuse_out(2, row)
                at = 2
                if row.node == "ToCopyBackward0":  # the one that ends a graph
                    w(2, "if desc.dtype.category >= 2:")
                    at = 3
                else:
                    self.recordable(2, row)
                self.track(row, at)
                w(at, "node.desc = desc")
                self.new_tensor(at, "True", "node")
                self.save_result(row, at, {"result": ("array", "result")})
                w(at, "return result")
            self.new_tensor(1, "False", "None")
            self.count_writes(row, "result")
            w(1, f"return result if out is None else store(out, result, {row.says!r})")
            return
        given = " if r is not None" if row.masked else ""
        w(
            1,
            f"if disabled and _grad.inference:\n    for r in results:\n        {'r is None or ' * row.masked}mark_inference(r)",
        )
        if row.formulas:
            self.flag(row, 1)
            first = f"results[{row.differentiable.index(True)}]._desc"
            if row.masked:
                w(
                    2,
                    f"desc = next((r._desc for r in results{given}), None)\nif desc is None:\n    return tuple(results)",
                )
                first = "desc"
            self.recordable(2, row, first)
            self.track(row, 2)
            if sum(row.differentiable) > 1:
                each = "desc if r is None else r._desc" if row.masked else "r._desc"
                # The outputs at the end that have no derivative are none of the node's.
                count = max(i for i, yes in enumerate(row.differentiable) if yes) + 1
                given = "results" if count == len(row.outputs) else f"results[:{count}]"
                w(2, f"node.descs = tuple([{each} for r in {given}])")
            w(2, f"node.desc = {'desc' if row.masked else 'results[0]._desc'}")
            for i, yes in enumerate(row.differentiable):
                if yes:
                    at = 2 + row.masked
                    if row.masked:
                        w(2, f"if results[{i}] is not None:")
                    w(
                        at,
                        f"results[{i}]._requires_grad = True\nresults[{i}]._made = node\nresults[{i}]._output_nr = {i}",
                    )
            # A result without a node is not found to be saved when its number becomes an array: it does so here.
            arrays = [
                f"arrays[{i}]" if yes else f"storage_of(results[{i}])" for i, yes in enumerate(row.differentiable)
            ]
            self.save_result(row, 2, {n: (arrays[i], f"results[{i}]") for i, n in enumerate(row.outputs)})
        self.count_writes(row, "*results")
        w(1, "return tuple(results)")

    def general_plain(self, row: Row, args: list[str]) -> None:
        """The usual case of a general row: plain operands, and a result whose Descriptor was met before."""
        w = self.body
        first, *others = [p.name for p in row.tensors]
        plain = " and ".join(f"{n}._extra is None" for n in (first, *others))
        asked = f" and {row.plain_if}" if row.plain_if else ""
        w(1, f"if (desc := {first}._desc).real and {plain} and out is None and not disabled{asked}:")
        described = OF_PLAIN.get(row.name)
        w(
            2,
            f"array = {self.kernel(row, described)}({args[0]}, desc)"
            if described
            else f"array = {self.kernel(row)}({', '.join(args)})",
        )
        values = [f"{p.name}._desc" if p.kind == "tensor" else p.name for p in row.params if p.name != first]
        values = [v for v in values if f"{v} is None" not in asked]
        w(2, f"key = {', '.join([repr(row.name), *values])}{',' * (not values)}")
        w(2, "known = desc.results\ndesc = known.get(key) or result_of(known, key, array)")
        self.track_plain(row, 2, always=True)

    def count_writes(self, row: Row, results: str) -> None:
        """The line that counts writes to the results of an operator over inference tensors."""
        times, into = RESULT_WRITES.get(row.name), WRITTEN_INTO.get(row.name)
        if times or into:
            first, *others = (p.name for p in row.tensors)
            absent = {p.name: f"{p.name} is None or " for p in row.tensors if p.optional}
            asked = [f"({absent.get(x, '')}{x}._extra is not None and {x}._extra.inference)" for x in others]
            asked += [f"all_inference({p.name})" for p in row.params if p.indices]
            given = " and ".join(asked)
            given = f" and (_grad.below_inference or {given})" if asked else ""
            self.body(1, f"if {first}._extra is not None{given}:")
            if into:
                refuse = f"refuse_into({into!r}, {', '.join([first, *others])})"
                where = INTO_WHERE.get(row.name)
                self.body(2, f"if {where}:\n    {refuse}" if where else refuse)
            tracked = " or ".join(f"requires_grad({n})" for n in row.operands)
            if row.name in SAVED_BELOW:
                self.body(2, f"if _grad.grad and ({tracked}):\n    check_saveable({first})")
            if row.name in OVER_COPY:
                write = "index_put_" if row.name == "index_put" else f"dispatch.{row.name}_"
                target = f"beside_mask({first}, mask)" if "mask" in others else first
                call = f"over_copy({', '.join([write, target, *(p.name for p in row.params if p.name != first)])})"
                self.body(2, f"if _grad.grad and ({tracked}):\n    return {call}")
            if times:
                self.body(2, f"counted({first}, {results}, times={times})")
            result = results.replace("*results", "results[0]")
            if row.name in COPIED:
                where = COPIED_WHERE.get(row.name)
                copy = f"copied({result}, {COPIED[row.name]})"
                self.body(2, f"if {where}:\n    {copy}" if where else copy)
            if row.name in FILLED:
                self.body(2, f"if not {first}._desc.ndim:\n    filled({result}, {first})")

    def view(self, row: Row) -> None:
        w = self.body
        kernel = self.kernel(row)
        first = row.params[0].name
        rest = [p.name for p in row.params[1:]]
        w(0, f"\n\ndef {row.name}({', '.join(p.name for p in row.params)}):")
        w(1, f'"""{row.name}({", ".join(p.name for p in row.params)}) -> Tensor, a view"""')
        w(1, f"source = {first}._array if type({first}._array) is np.ndarray else storage_of({first})")
        call = f"array = {kernel}({', '.join(['source', *rest])})"
        if row.described_by is None:
            w(1, f"if not {first}._desc.plain:\n    source = settled(source)")
            w(1, f"{call}\ndesc = describe(array)")
        else:
            w(1, f"if (desc := {first}._desc).plain:\n    {call}")
            w(2, f"key = {', '.join([repr(row.name), *row.described_by])}{',' * (not row.described_by)}")
            w(2, "known = desc.results\ndesc = known.get(key) or result_of(known, key, array)")
            w(1, f"else:\n    source = settled(source)\n    {call}\n    desc = describe(array)")
        self.flag(row, 1)
        self.recordable(2, row, cheaper="not desc.real and ")
        self.track(row, 2)
        w(2, "node.desc = desc")
        self.new_tensor(2, "True", "node")
        done = f"return as_view({first}, result{f', 0, {row.name}' if row.replay else ''})"
        w(2, f"if saved_hooks.in_force:\n    saved_hooks.pack(node)\n{done}")
        self.new_tensor(1, "False", "None")
        w(1, done)

    def multiview(self, row: Row) -> None:
        w = self.body
        kernel = self.kernel(row)
        first = row.params[0].name
        rest = [p.name for p in row.params[1:]]
        w(0, f"\n\ndef {row.name}({', '.join(p.name for p in row.params)}):")
        w(1, f'"""{row.name}({", ".join(p.name for p in row.params)}) -> tuple of Tensor, views"""')
        w(
            1,
            f"arrays = {kernel}({', '.join([f'settled(storage_of({first}))', *rest])})\nresults = [wrap(a) for a in arrays]",
        )
        self.flag(row, 1)
        self.recordable(2, row, f"{first}._desc", f"not {first}._desc.real and ")
        self.track(row, 2)
        w(2, "node.descs = tuple([r._desc for r in results])\nnode.desc = node.descs[0] if results else None")
        w(2, "for result in results:\n    result._requires_grad = True\n    result._made = node")
        w(1, f"for i, result in enumerate(results):\n    as_view({first}, result, 2)")
        w(2, "if result._made is not None:\n    result._output_nr = i")
        w(1, "return tuple(results)")
