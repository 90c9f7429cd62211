"""Node classes: what a node saves, and its formulas over arrays and over Tensors."""

from __future__ import annotations

import ast

from ..ops.row import HIDDEN, TABLE, Row
from .formulas import Raw, is_summed, over_tensors
from .functions import ARITHMETIC
from .writer import Template

# How often PyTorch's formula writes to its fresh result, which is then the version of the gradient: zeros that are
# scattered or put into; masked_fill_; and at::zeros counts its own zero_ where it is called above autograd.
WRITES = {
    "cat_backward": 1,  # of an operand of shape (0,) only, whose gradient is zeros that were filled
    "stack_backward": 1,  # of none: see WINDOWS
    "aminmax_backward": 1,
    "index_backward": 1,
    "evenly_distribute_backward": 1,
    "gather_backward": 1,
    "index_select_backward": 1,
    "masked_select_backward": 1,
    "repeat_backward": 1,
    "take_backward": 1,
    "unsaved_zeros": 1,
    "cummaxmin_backward": 2,
    "trace_backward": 2,
    "value_selecting_backward": 2,
    "where_not_greater": 1,
    "where_not_less": 1,
}


ONLY_IF = {
    "cummaxmin_backward": "node.desc.numel",
    "repeat_backward": "0 in node.repeats",
    "masked_select_backward": "expandable(node.mask_info.shape, node.self_info.shape)",
}
"""When formulas that write do so: of an empty tensor that tensor itself is the gradient; of no copies it is zeros; of an
operand that is broadcast to its mask it is a sum of what was written to."""

WRITTEN_ONE = {"zeros_of": (1, 1)}
"""Formulas that write to the gradient of one operand: how often, and to which."""

WINDOWS = {"cat_backward", "stack_backward"}
"""Formulas whose results lie in the memory of the gradient, and so have one version."""

SPARED = {"zeros_of"} | set(WRITES) - WINDOWS - {"where_not_greater", "where_not_less"}
"""Those that PyTorch computes out of place where a mode of its dispatcher is in force."""

COUNTED = {"sgn_backward"}
"""Formulas that have a form over arrays, of reals, and over Tensors write to their results as PyTorch's do."""

MAY_REFUSE = {"clamp_backward", "clamp_lower_backward", "clamp_upper_backward"}
"""Formulas that refuse some operands: they are computed for what is asked for, and for nothing else."""

SELECTS = {"pow_backward_self", "tanh_backward"}
"""Formulas of two operands that choose elements by a mask, which lies as an operand does, or write to a step of their own."""

PRODUCTS = (" * ", " / ", "-grad", "scaled(", "mul_scalar_backward(")
"""What a formula has that computes with the gradient, and a number perhaps: PyTorch lays the result out beside that."""

COMPUTED = ("-grad", "grad * ", "grad / ")
"""How formulas begin whose result is never the gradient that they were given, nor a view of it."""

FITTED = {
    *("arrange", "convolutions", "decomposition", "index", "linalg", "normalization", "pooling", "products", "scatter"),
    "shape",
}
"""Families whose raw formulas lay gradients out as PyTorch does, whatever the operands are."""

MAY_BE_UNDEFINED = {"norm_backward", "dist_backward"}  # formulas that may give None


def is_multi(row: Row) -> bool:
    """Whether a node stands for several outputs."""
    return row.template == "multiview" or sum(row.differentiable) > 1


class Nodes(Template):
    """A Node class a row."""

    def node_class(self, row: Row) -> None:
        first = next(r for r in TABLE if r.formulas and r.node == row.node)
        if first is not row:
            assert first.family == row.family, f"{row.name}: {row.node} belongs to {first.name} of another family"
            return
        w = self.body
        base = self.base(row)
        slots = []
        for n in row.saved:
            slots += [n, n + "_version"]
        for n in row.saved_results:
            slots += [n, n + "_counter", n + "_version"]
        slots += row.saved_lists + row.saved_values
        multi = is_multi(row)
        if multi:
            slots += ["descs"]
        if row.template == "nary":
            slots += ["operand_descs"]
        if row.shown == "NotImplemented":
            slots += ["required"]
        counted = self.is_counted(row)
        if counted:
            slots += ["written"]
        w(0, f"\n\nclass {row.node}({base}):")
        if row.replay:
            slots += [
                "__weakref__"
            ]  # what was written through such a view is called an output of its node (SeenThrough)
        w(1, f"__slots__ = ({''.join(repr(s) + ', ' for s in slots).strip()})")
        w(1, f"saved = ({''.join(repr(s) + ', ' for s in row.saved + row.saved_results).strip()})")
        values = [*row.constants, *(s for s in row.saved_values if not s.endswith(HIDDEN))]
        w(1, f"saved_values = ({''.join(repr(s) + ', ' for s in values).strip()})")
        if row.saved_lists:
            w(1, f"saved_lists = {tuple(row.saved_lists)}")
        for n, value in row.constants.items():
            w(1, f"{n} = {value!r}")
        if any(is_summed(formula) for formula in row.formulas.values()):
            w(1, "checks = True")
        if "tensors" in row.formulas:
            w(1, "listed = True")
        if row.raises:
            w(1, "multi = True  # as error_nodes.py has it")
        if len(row.operands) > 1:
            w(1, "prunes = True")
        if row.warns:
            w(1, "warns = True")
        one = next(filter(None, [WRITTEN_ONE.get(f.partition("(")[0]) for f in row.formulas.values()]), None)
        if one:
            w(1, f"writes_grad = {one[0]}\nwrites_only = {one[1]}")
        counts = [WRITES.get(formula.partition("(")[0]) for formula in row.formulas.values()]
        writes = next(filter(None, counts), None)
        if counted:
            w(1, "writes_grad = 1\ncounts_writes = True")
        refuses = tuple([i for i, n in enumerate(row.operands) if row.formulas[n].startswith("not_implemented")])
        if refuses:
            w(1, f"refuses = {refuses}")
        if len(row.operands) > 1 and any(formula.partition("(")[0] in MAY_REFUSE for formula in row.formulas.values()):
            w(1, "may_refuse = True")
        if any(formula.partition("(")[0] in SPARED for formula in row.formulas.values()):
            w(1, "spares_watched = True")
        only_if = next(
            filter(None, [ONLY_IF.get(formula.partition("(")[0]) for formula in row.formulas.values()]), None
        )
        if only_if:
            w(1, f"writes_grad = property(lambda node: {writes} if {only_if} else 0)")
        if "cummaxmin_backward" in row.formulas.get("self", ""):
            w(1, "custom = property(lambda node: not node.desc.numel)")
            w(1, "def apply_custom(node, grads):\n    found = node.apply_tensors(grads[0])  # which requires grad")
            w(2, "return [None if grads[0] is None else found]")
        elif writes and not only_if:
            w(1, f"writes_grad = {writes}")
            if "aminmax_backward" in row.formulas.get("self", ""):
                w(1, "adds_in_place = True")
            if "unsaved_zeros(grad)" in row.formulas.values():
                w(1, "writes_for_operand = True")
            if len(counts) > 1 and not all(counts):
                w(1, f"writes_only = {next(i for i, n in enumerate(counts) if n)}")
            if any(formula.partition("(")[0] in WINDOWS for formula in row.formulas.values()):
                w(1, "windows = True")
                w(1, f"fills_empty = {row.name == 'cat'}")
        if all(formula.startswith(COMPUTED) and " if " not in formula for formula in row.formulas.values()):
            w(1, "computes_anew = True")
        if any(formula.partition("(")[0] in MAY_BE_UNDEFINED for formula in row.formulas.values()):
            w(1, "may_be_undefined = True")
        if multi:
            w(1, "multi = True")
            w(1, "\n@property\ndef num_outputs(node) -> int:\n    return len(node.descs)")
            w(1, "\ndef descriptors(node):\n    return node.descs")
            for i, n in enumerate(row.outputs):
                if n in row.saved_results:
                    w(1, f"{n}_nr = {i}")
        plain = [n for n, yes in zip(row.outputs, row.differentiable, strict=False) if not yes]
        if set(plain) & set(row.saved_results):
            w(1, f"not_differentiable = {tuple(plain)}")
        w(0, "")
        self.apply_raw(row, base, multi)
        w(0, "")
        self.apply_tensors(row, base, multi)
        if row.saved or row.saved_results or row.saved_lists:
            w(1, "\ndef release(node) -> None:")
            self.release(row, 2)
        if row.shown:
            w(0, f"\n\n{row.node}.__name__ = {row.shown!r}")
            if row.shown == "NotImplemented":
                w(0, f"{row.node}.name = lambda node: 'torch::autograd::NotImplemented'")
                # PyTorch makes this node for operators of any kind, over those operands that require grad.
                parent = f"{row.node}.__base__.edges(node)"
                w(0, f"{row.node}.edges = lambda node: tuple([e for e, yes in zip({parent}, node.required) if yes])")

    def release(self, row: Row, indent: int, read: bool = False) -> None:
        """The lines that forget what was saved; `read`: each is in a variable of its name, too."""
        w = self.body
        where = "" if read else "node."
        for n in row.saved:
            w(indent, f"if {where}{n} is not None:\n    node.{n} = FREED")
        for n in row.saved_lists:
            w(indent, f"node.{n}.release()")
        for n in row.saved_results:
            w(indent, f"if {where}{n} is not None:\n    node.{n} = None\n    node.{n}_counter = FREED_COUNTER")

    def raw_formulas(self, row: Row) -> tuple[dict[str, str], str | None, set[str]]:
        """The formulas over arrays, what has no such form (or None), and the kernels that they name."""
        expressions = {}
        missing = None
        used: set[str] = set()
        for name, formula in row.formulas.items():
            tree = ast.parse(formula, mode="eval")
            raw = Raw(row, row.operands.index(name) if name in row.operands else 0)
            expressions[name] = ast.unparse(ast.fix_missing_locations(raw.visit(tree)))
            missing = missing or raw.missing
            used |= raw.kernels
        return expressions, missing, used

    def is_plain(self, row: Row) -> bool:
        """Whether a node has two edges at most, one output, and formulas that give what the engine passes on."""
        called = {formula.partition("(")[0] for formula in row.formulas.values()}
        special = WRITES.keys() | WRITTEN_ONE.keys() | MAY_BE_UNDEFINED | COUNTED
        return self.base(row) != "VariadicNode" and not is_multi(row) and not called & special

    def is_counted(self, row: Row) -> bool:
        """Whether the formulas over Tensors, which write to their results as PyTorch's do, tell what version a gradient has."""
        called = {formula.partition("(")[0] for formula in row.formulas.values()}
        return bool(called & COUNTED) or (bool(self.lacks(row)) and not called & (WRITES.keys() | WRITTEN_ONE.keys()))

    def lacks(self, row: Row) -> str | None:
        """What of the row's formulas has no form over arrays, if anything."""
        several_grads = is_multi(row) and any("grads" in formula for formula in row.formulas.values())
        missing = self.raw_formulas(row)[1]
        return missing or ("what reads several gradients" if several_grads and len(row.outputs) > 1 else None)

    def makes_records(self, row: Row) -> bool:
        """Whether the usual case makes a record instead of a Node: where a plain pass can run it as it is."""
        if not self.has_usual_case(row) or row.together:
            return False
        first = next(r for r in TABLE if r.formulas and r.node == row.node)
        if first is not row or row.joint or row.raises or row.shown or row.saved_lists or row.warns:
            return False
        return self.is_plain(row) and not self.raw_formulas(row)[1]

    def apply_raw(self, row: Row, base: str, multi: bool) -> None:
        """`run` where the node may be plain (two edges at most, one output), else `apply`; and `run_record`."""
        w = self.body
        arg = "grads" if multi else "grad"
        expressions, _, used = self.raw_formulas(row)
        missing = self.lacks(row)
        if missing:
            w(1, f"def apply(node, {arg}, keep: bool):")
            w(2, f"out = through_tensors(node, {arg})  # {missing} has no raw form")
            w(2, "if not keep:\n    node.release()\nreturn out")
            return
        self.kernels |= used
        plain = self.is_plain(row)
        w(1, f"def {'run' if plain else 'apply'}(node, {arg}, keep: bool):")
        # The strides of what is combined with what was saved decide those of the result.
        lies = "" if multi else self.lies(row, "node.", " or ")
        if row.template == "binary":
            w(2, f"plan = node.plan\nif plan is not None and not plan.raw{self.odd(row, 'node.')}{lies}:")
        else:
            quality = "fast" if row.template == "unary" else "real"
            w(2, f"if not node.{'descs[0]' if multi else 'desc'}.{quality}{self.odd(row, 'node.')}{lies}:")
        w(3, f"out = through_tensors(node, {arg})")
        w(3, "if not keep:\n    node.release()")
        w(3, f"return {self.passed_on(base, 'node.') if plain else 'out'}")
        if multi and len(row.outputs) > 1:
            w(2, "grad = grads[0]")
        for n in row.saved + row.saved_results:
            w(2, f"{n} = node.{n}")
            self.unpack_raw(row, n, "node.")
        for n in row.saved_lists:
            w(2, f"{n} = node.{n}.unpack(node)")
        for n in row.saved_values:
            w(2, f"{n} = node.{n}")
        results = []
        if row.joint:
            w(2, f"needed = [fn is not None for fn, _ in node.edges()]\nout = {expressions[row.operands[0]]}")
            results = ["node.next0", "out[0]", "node.next1", "out[1]"] if plain else ["out"]
        elif base == "UnaryNode":
            (name,) = row.operands
            w(2, f"out = {expressions[name]}")
            results = ["node.next0", "out", "None", "None"] if plain else ["out"]
        elif base == "BinaryNode":
            for i, name in enumerate(row.operands):
                w(2, f"fn{i} = node.next{i}")
                w(2, f"if fn{i} is None:\n    grad{i} = None\nelse:")
                if row.template != "binary":
                    w(3, f"grad{i} = {expressions[name]}")
                elif "grad *" in expressions[name] and "(" not in expressions[name]:
                    # Arithmetic broadcasts: a gradient that repeats its elements is multiplied without the repetitions.
                    w(3, f"if plan is None or plan.reduce{i} is None:\n    grad{i} = {expressions[name]}")
                    shorter = expressions[name].replace("grad *", "once(grad) *")
                    w(3, f"else:\n    grad{i} = sum_to({shorter}, plan.reduce{i}, grad.shape)")
                else:
                    w(3, f"grad{i} = {expressions[name]}")
                    w(3, f"if plan is not None and plan.reduce{i} is not None:")
                    w(4, f"grad{i} = sum_to(grad{i}, plan.reduce{i})")
                results += [f"fn{i}", f"grad{i}"] if plain else [f"grad{i}"]
        elif any(p.kind == "tensors" for p in row.params):
            (name,) = row.operands
            w(2, f"out = {expressions[name]}")
            results = ["out"]
        else:
            for i, name in enumerate(row.operands):
                fitted = (
                    f"fit({expressions[name]}, node.operand_descs[{i}])"
                    if row.template == "nary"
                    else expressions[name]
                )
                w(2, f"grad{i} = None if node.next_nodes[{i}] is None else {fitted}")
                results.append(f"grad{i}")
        self.keep_check(row)
        w(2, f"return {', '.join(results)}" + ("," if base == "VariadicNode" and results != ["out"] else ""))
        if self.makes_records(row):
            self.run_record(row, base, expressions)
            self.apply_record(row, base)
            if row.name in ARITHMETIC and row.operands[1] in row.saved:
                self.number_record(row, expressions)

    def run_record(self, row: Row, base: str, expressions: dict[str, str]) -> None:
        """`run` for a record of the class, whose operands were plain and alike."""
        w = self.body
        fields = self.fields(row)
        self.quick.add(row.node)
        w(1, "\n@staticmethod\ndef of_record(record):")
        w(2, f"node = _new(*_{row.node})")
        w(2, f"_, number, {', '.join('node.' + field for field in fields)} = record\nset_number(node, number)")
        if base == "BinaryNode":
            w(2, "node.plan = None")
        for n in row.saved_results:
            w(2, f"node.{n}_version = 0  # nobody has written to it when it is saved")
        w(2, "return node")
        w(1, "\n@staticmethod\ndef release_record(record) -> None:")
        self.free_record(row, 2)
        if not (row.saved or row.saved_results):
            w(2, "pass")
        w(1, "\n@staticmethod\ndef run_record(record, grad, keep: bool):")
        w(2, f"try:\n    _, _, {', '.join(fields)} = record")
        w(2, "except ValueError:  # another thread looks at the node, which is there by now")
        w(3, "return record[0](record, grad, keep)")
        asked = [] if row.template in ("binary", "unary") else ["not desc.real"]
        if odd := self.odd(row, "")[4:]:
            asked.append(odd)
        if lies := self.lies(row):
            asked.append(lies)
        if asked:
            w(2, f"if {' or '.join(asked)}:\n    return node_of(record).run(grad, keep)")
        for n in row.saved + row.saved_results:
            self.unpack_raw(row, n, "")
        if base == "UnaryNode":
            w(2, f"out = {expressions[row.operands[0]]}")
        else:
            for i, name in enumerate(row.operands):
                w(2, f"grad{i} = None if next{i} is None else {expressions[name]}")
        if row.saved or row.saved_results:
            w(2, "if not keep:")
            self.free_record(row, 3, read=True)
        w(2, f"return {'next0, out, None, None' if base == 'UnaryNode' else 'next0, grad0, next1, grad1'}")

    def free_record(self, row: Row, indent: int, read: bool = False) -> None:
        """`release` for a record."""
        fields = self.fields(row)
        for n in row.saved:
            at = 2 + fields.index(n)
            self.body(indent, f"if {n if read else f'record[{at}]'} is not None:\n    record[{at}] = FREED")
        for n in row.saved_results:
            at = 2 + fields.index(n)
            self.body(indent, f"record[{at}] = None\nrecord[{at + 1}] = FREED_COUNTER")

    def apply_record(self, row: Row, base: str) -> None:
        """`apply_tensors` for a record of the class."""
        w = self.body
        fields = self.fields(row)
        w(1, "\n@staticmethod\ndef apply_record(record, grad):")
        w(2, f"try:\n    _, _, {', '.join(fields)} = record")
        w(2, "except ValueError:\n    return record[2].apply_tensors(grad)")
        for n in row.saved:
            changed = f"(counter := {n}._counter) is not None and counter[0] != {n}_version"
            w(2, f"if {n} is not None and (type({n}) is not Tensor or {changed}):")
            w(3, f"{n} = unpack_input(node_of(record), {n!r})")
        for n in row.saved_results:
            w(2, f"if {n} is None or {n}_counter[0] != 0:\n    {n} = unpack_result(node_of(record), {n!r})")
            w(2, f"else:\n    {n} = saved_result(record, desc, {n}, {n}_counter)")
        if base == "UnaryNode":
            w(2, f"return {over_tensors(row, row.formulas[row.operands[0]])}")
            return
        for i, name in sorted(enumerate(row.operands), key=lambda operand: operand[1]):  # see `apply_tensors`
            w(2, f"grad{i} = None if next{i} is None else {over_tensors(row, row.formulas[name])}")
        w(2, "return grad0, grad1")

    def number_record(self, row: Row, expressions: dict[str, str]) -> None:
        """The same for a record whose second operand is a number: [function, number, desc, next0, that operand]."""
        w = self.body
        name, n = row.operands
        lacking = {"next1": "None", n: n} | {field + "_version": "0" for field in row.saved}
        fields = ["desc", "next0", n]
        full = [field if field in fields else lacking.get(field, "None") for field in self.fields(row)]
        w(1, "\n@staticmethod\ndef of_number(record):")
        w(2, f"_, number, {', '.join(fields)} = record")
        w(2, f"return {row.node}.of_record((None, number, {', '.join(full)}))")
        w(1, "\n@staticmethod\ndef release_number(record) -> None:\n    record[4] = FREED")
        w(1, "\n@staticmethod\ndef run_number(record, grad, keep: bool):")
        w(2, f"try:\n    _, _, {', '.join(fields)} = record")
        w(2, "except ValueError:\n    return record[0](record, grad, keep)")
        if lies := self.lies(row):
            w(2, f"if {lies}:\n    return node_of(record).run(grad, keep)")
        w(2, f"counter = {n}._counter\nif counter is not None and counter[0] != 0:")
        w(3, f"{n} = unpack_input(node_of(record), {n!r})")
        w(2, f"{n} = {n}._array")
        w(2, f"out = {expressions[name]}\nif not keep:\n    record[4] = FREED\nreturn next0, out, None, None")
        w(1, "\n@staticmethod\ndef apply_number(record, grad):")
        w(2, f"try:\n    _, _, {', '.join(fields)} = record")
        w(2, "except ValueError:\n    return record[2].apply_tensors(grad)[0]")
        w(2, f"if type({n}) is not Tensor or (counter := {n}._counter) is not None and counter[0] != 0:")
        w(3, f"{n} = unpack_input(node_of(record), {n!r})")
        w(2, f"return {over_tensors(row, row.formulas[name])}")

    def computes(self, row: Row) -> bool:
        """Whether some formula computes with the gradient."""
        return any(sign in formula for formula in row.formulas.values() for sign in PRODUCTS)

    def lies(self, row: Row, where: str = "", before: str = "") -> str:
        """The question, if there is one, whether the gradient lies in memory as NumPy would not lay out what comes of it.

        The strides of what is combined with what was saved decide those of the result. Where the gradient is alone NumPy keeps
        the order of its dimensions, except of those that have one element.
        """
        if row.expands or (row.combines and row.saved + row.saved_results):
            return f"{before}{where}desc.ndim > 1 and turned(grad)"
        if row.combines and self.computes(row):
            return f"{before}{where}desc.ndim > 1 and 1 in {where}desc.shape and grad.strides != {where}desc.steps"
        return ""

    def odd(self, row: Row, where: str) -> str:
        """The question, if there is one, whether a saved operand has strides that NumPy treats in its own way."""
        called = {formula.partition("(")[0] for formula in row.formulas.values()}
        if row.template == "nary":
            asks = True
        elif row.template == "binary":
            asks = bool(called & SELECTS)
        else:
            direct = [f for f in row.formulas.values() if "(" in f.partition(" ")[0]]
            # A result may be plain although an operand is not, and NumPy lays gradients out otherwise than PyTorch then.
            asks = (row.template == "general" and row.family not in FITTED) or (row.template == "unary" and direct)
        return "".join(f" or is_odd({where}{n})" for n in row.saved) if asks else ""

    def unpack_raw(self, row: Row, n: str, where: str) -> None:
        """The lines that make an array of what was saved as `n`, of a Node or of a record's fields."""
        w = self.body
        node = "node" if where else "node_of(record)"
        if n in row.saved:
            w(2, f"if {n} is not None:\n    counter = {n}._counter")
            w(3, f"if counter is not None and counter[0] != {where}{n}_version:")
            w(4, f"{n} = unpack_input({node}, {n!r})")
            w(3, f"{n} = {n}._array")
        else:
            w(2, f"if {where}{n}_counter[0] != {f'node.{n}_version' if where else '0'}:")
            w(3, f"{n} = unpack_result({node}, {n!r})._array")

    def passed_on(self, base: str, where: str) -> str:
        """What `run` returns of the gradients that the formulas over Tensors gave."""
        return (
            f"{where}next0, out, None, None" if base == "UnaryNode" else f"{where}next0, out[0], {where}next1, out[1]"
        )

    def keep_check(self, row: Row) -> None:
        if row.saved or row.saved_results or row.saved_lists:
            self.body(2, "if not keep:")
            self.release(row, 3, read=True)

    def apply_tensors(self, row: Row, base: str, multi: bool) -> None:
        w = self.body
        arg = "grads" if multi else "grad"
        pruned = len(row.operands) > 1
        w(1, f"def apply_tensors(node, {arg}{', deps=None' * pruned}):")
        if multi and len(row.outputs) > 1:
            w(2, "grad = grads[0]")
        for n in row.saved:
            w(2, f"{n} = node.{n}")
            changed = f"(counter := {n}._counter) is not None and counter[0] != node.{n}_version"
            w(2, f"if {n} is not None and (type({n}) is not Tensor or {changed}):")
            w(3, f"{n} = unpack_input(node, {n!r})")
        for n in row.saved_results:
            if len(row.outputs) > 1:
                w(2, f"{n} = unpack_result(node, {n!r})")
                continue
            w(2, f"{n} = node.{n}\ncounter = node.{n}_counter")
            w(2, f"if {n} is None or counter[0] != node.{n}_version:\n    {n} = unpack_result(node, {n!r})")
            w(2, f"else:\n    {n} = own_result(node, {n}, counter)")
        for n in row.saved_lists:
            w(2, f"{n} = node.{n}.unpack(node)")
        for n in row.saved_values:
            w(2, f"{n} = node.{n}")
        if row.joint:
            w(2, f"needed = [fn is not None{' and (deps is None or fn in deps)' * pruned} for fn, _ in node.edges()]")
            w(2, f"return {over_tensors(row, row.formulas[row.operands[0]])}")
            return
        # In the order of the operands' names, as PyTorch's generated code has it: gradients of gradients are added up in
        # the order in which the nodes of this pass are made.
        operands = sorted(enumerate(row.operands), key=lambda operand: operand[1])
        if row.together:
            w(2, f"needed = [fn is not None{' and (deps is None or fn in deps)' * pruned} for fn, _ in node.edges()]")
            results = ", ".join(f"grad{i}" for i in range(len(row.operands)))
            w(2, f"{results} = {over_tensors(row, row.together)}")
            operands = []
        for i, name in operands:
            formula = row.formulas[name]
            expression = over_tensors(row, formula)
            if base == "UnaryNode" or any(p.kind == "tensors" for p in row.params):
                w(2, f"return {expression}")
                return
            binary = base == "BinaryNode"
            fn = f"node.next{i}" if binary else f"node.next_nodes[{i}]"
            unasked = f" or (deps is not None and {f'node.fn{i}' if binary else 'fn'} not in deps)" * pruned
            w(2, f"fn = {fn}\ngrad{i} = None if fn is None{unasked} else {expression}")
        results = ", ".join(f"grad{i}" for i in range(len(row.operands)))
        w(2, f"return {results}{',' * (base == 'VariadicNode')}")
