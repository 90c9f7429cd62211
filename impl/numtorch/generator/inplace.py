"""In-place forms, `mul_` from `mul`."""

from __future__ import annotations

import inspect

from ..kernels.pointwise import negate
from ..ops.real_only import NO_HALVES, is_early, refusal
from ..ops.row import Row
from ..plain_numpy import np
from .functions import Functions, asked_as
from .recording import readers_of

AT_ONCE = {"add": "add", "sub": "subtract", "mul": "multiply", "div": "true_divide"}
"""Operators that write at once where nothing is to be looked at, and NumPy's functions."""

WITH_CARE = {np.negative: negate}
"""Of NumPy's functions those that are not to be trusted with memory that has strides, and who calls them instead."""


class InPlace(Functions):
    """The in-place function of a row: the same node, over the same operand."""

    def inplace(self, row: Row) -> None:
        """`mul_` from `mul`: same node, over the same operand."""
        if row.template == "nary":
            self.nary_inplace(row)
            return
        if row.template == "view":
            self.view_inplace(row)
            return
        w = self.body
        a = row.tensors[0].name
        params = ", ".join(p.name for p in row.params)
        w(0, f"\n\ndef {row.name}_({params}):")
        w(1, f'"""{row.name}_({params}) -> Tensor, {a} itself"""')
        w(1, f"if type({a}) is not Tensor:\n    {a} = plain({a}, '{row.says}_', False)")
        if row.template == "binary":
            b = row.tensors[1].name
            if row.name.removesuffix("_alpha") in AT_ONCE:
                values = "".join(f" and type({p.name}) is float" for p in row.params if p.kind == "value")
                w(1, f"if at_once({a}, {b}){values}:\n    target = {a}._array")
                times = f" * multiple({a}._desc.dtype.numpy, alpha)" if values else ""
                ufunc = AT_ONCE[row.name.removesuffix("_alpha")]
                w(2, f"np.{ufunc}(target, {b}._array{times}, target)\ncounter = {a}._counter")
                w(2, f"if counter is None:\n    bump({a})\nelse:\n    counter[0] += 1\nreturn {a}")
            arrays = iter(("target", "right"))
            inputs = ", ".join(p.name if p.kind == "value" else next(arrays) for p in row.params)
        else:
            inputs = ", ".join(
                "target" if p.name == a else p.name if p.kind == "value" else p.name + "._array" for p in row.params
            )
        with self.refusing(row, 1, written=a) as at:
            self.inplace_refusals(row, at)
        w(1, "flag = flag and (not disabled or _grad.grad)")
        if a in row.saved:
            w(1, "if flag:\n    seq = next(sequence_nrs)")
            readers = readers_of(row, a)
            if row.template == "binary" and readers == [1]:
                w(2, f"original = original_of({a}) if requires_grad({row.tensors[1].name}) else None")
            else:
                w(2, f"original = original_of({a})")
        self.record(row)
        w(1, f"target = {a}._array")
        w(1, "if type(target) is np.ndarray:")
        w(2, self.overwrite(row, inputs))
        w(1, "else:")
        w(2, f"{a}._array = assigned(target, {self.call(row, inputs)})")
        self.written(row)

    def inplace_refusals(self, row: Row, at: int) -> None:
        """What may be wrong with the operands, in PyTorch's order, and `flag`: whether the write is to be recorded."""
        w = self.body
        a = row.tensors[0].name
        if row.template == "binary":
            b = row.tensors[1].name
            if row.tensors_only:
                w(at, f"tensors_only('{row.says}_', {a}, {b}, {b!r}, True)")
            w(at, f"if {b} is None:\n    return NotImplemented")
            w(at, f"found = inplace_operands({a}, {b}, {asked_as(row)!r}, {row.float_result})")
            w(at, "if found is NotImplemented:\n    return NotImplemented")
            w(at, f"{b}, right, plan, flag = found")
        else:
            shared = f", {self.shared(row)!r}" if row.into else ""
            if is_early(row.name + "_"):
                w(at, f"if {a}._desc.dtype.category == 3:\n    check_inplace({a}, requires_grad({a}))")
                self.refuse_complex(at, row, f"{a}._desc.dtype", name=row.name + "_")
            rest = "".join([f"{p.name}, " for p in row.tensors if p.name != a])
            others = f", others=({rest})" if rest else ""
            w(at, f"found = inplace_operands({a}, None, {row.says!r}, {row.float_result}{shared}{others})")
            further = [f"requires_grad({n})" for n in row.operands if n != a]
            w(at, f"flag = {' or '.join(['found[3]', *further])}")
        kinds = [f"{operand}._desc.dtype" for operand in row.operands]
        if row.template == "binary" and (
            row.refuses or refusal(row.name + "_", row.refuses) or row.name + "_" in NO_HALVES
        ):
            w(at, f"kind = {a}._desc.dtype if plan is None else plan.result.dtype")  # what both are computed in
            kinds = ["kind"]
        if row.refuses:
            w(at, f"if {kinds[0]}.category < 2:\n    raise refused({row.refuses!r}, {kinds[0]})")
        w(at, f"check_inplace({a}, flag)")
        for kind in kinds:
            self.refuse_complex(at, row, kind, name=row.name + "_")

    def record(self, row: Row) -> None:
        """Make the node and pack the operands, before anything is written: what is packed are the values as they were.

        The version of an operand that is the target itself is that before the write, too, so it is found modified.
        """
        w = self.body
        w(1, "if flag:")
        self.track(row, 2, inplace=True)
        w(2, f"node.desc = {row.tensors[0].name}._desc")
        w(2, f"if saved_hooks.in_force:\n    saved_hooks.pack_before_write(node, {row.tensors[0].name})")

    def written(self, row: Row) -> None:
        """What comes after the write: the version, the results that the node saves, and the history."""
        w, a = self.body, row.tensors[0].name
        w(1, f"bump({a})")
        w(1, "if flag:")
        for n in row.saved_results:
            w(2, f"node.{n} = {a}._array\nnode.{n}_counter = {a}._counter\nnode.{n}_version = {a}._counter[0]")
        w(2, f"rebase_history({a}, node)")
        if row.saved_results:
            given = ", ".join(f"{n}={a}" for n in row.saved_results)
            w(2, f"if saved_hooks.in_force:\n    saved_hooks.pack(node, {given})")
        w(1, f"return {a}")

    def overwrite(self, row: Row, inputs: str) -> str:
        """The line that writes the kernel's result to `target`: by way of new memory, unless the kernel takes `out`."""
        if row.into:
            return f"{self.kernel(row, row.into)}({inputs})"
        if isinstance(row.kernel, np.ufunc):
            if row.kernel in WITH_CARE:
                return f"{self.kernel(row, WITH_CARE[row.kernel])}({inputs})"
            return f"{self.kernel(row)}({inputs}, out=target, casting='unsafe')"
        if "out" in inspect.signature(row.kernel).parameters:
            return f"{self.kernel(row)}({inputs}, target)"
        return f"target[...] = {self.call(row, inputs, row.tensors[0].name + '._desc')}"

    def shared(self, row: Row) -> str:
        """What the in-place form is called where its target's elements may share memory; empty if nobody is warned."""
        return row.says + "_" if row.deprecated else ""

    def view_inplace(self, row: Row) -> None:
        """`t_` from `t`: the tensor itself becomes the view; a view's base is left alone."""
        w = self.body
        first, *rest = (p.name for p in row.params)
        names = ", ".join([first, *rest])
        w(0, f"\n\nclass {row.inplace_node}({row.node}):\n    __slots__ = ()")
        w(0, f"\n\ndef {row.name}_({names}):")
        w(1, f'"""{row.name}_({names}) -> Tensor, {first} itself"""')
        w(1, f"flag = requires_grad({first}) and recorded(({first},)) and (not disabled or _grad.grad)")
        w(1, f"check_inplace({first}, flag)")
        w(1, f"array = {self.kernel(row)}({', '.join([f'settled(storage_of({first}))', *rest])})")
        w(1, "desc = describe(array)")
        w(1, "if flag:")
        self.track(row, 2, cls=row.inplace_node)
        w(2, "node.desc = desc\n")
        w(1, f"become({first}, array, desc)")
        w(1, "if flag:")
        self.recordable(2, row, cheaper="not desc.real and ")
        w(2, f"set_history({first}, node, 0)")
        w(2, "if saved_hooks.in_force:\n    saved_hooks.pack(node)")
        w(1, f"return {first}")

    def nary_inplace(self, row: Row) -> None:
        """`lerp_` from `lerp`."""
        w = self.body
        a = row.params[0].name
        names = ", ".join(p.name for p in row.params)
        w(0, f"\n\ndef {row.name}_({names}):")
        w(1, f'"""{row.name}_({names}) -> Tensor, {a} itself"""')
        shared = f", {self.shared(row)!r}" if row.into else ""
        given = ", ".join(p.name for p in row.tensors)
        with self.refusing(row, 1, written=a) as at:
            w(at, f"flag = before_write({a}, ({given},){shared}) and (not disabled or _grad.grad)")
            self.nary_call(row, at)
            self.refuse_complex(at, row, "desc.dtype", name=row.name + "_")
            w(at, f"check_result({a}, desc)")
        if a in row.saved:
            w(1, f"seq, original = (next(sequence_nrs), original_of({a})) if flag else (0, None)")
        self.record(row)
        w(1, f"target = {a}._array")
        w(1, "if type(target) is np.ndarray:")
        w(2, f"target[...] = {self.nary_kernel(row)}" if not row.into else self.nary_kernel(row, row.into))
        w(1, f"else:\n    {a}._array = assigned(target, {self.nary_kernel(row)})")
        self.written(row)
