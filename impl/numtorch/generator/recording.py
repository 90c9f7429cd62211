"""What operator functions have in common: making the node and the result."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..ops.row import PROPERTIES, Row
from .result_writes import NUMBERED
from .writer import Template


def readers_of(row: Row, name: str) -> list[int]:
    """Which operands have the value of `name` saved: those whose formulas read it, or of a way back all.

    PyTorch's generated code asks no operand of an operator whose name says "backward" before it saves.
    """
    if "backward" in row.name:
        return list(range(len(row.operands)))
    out = []
    for i, operand in enumerate(row.operands):
        tree = ast.parse(row.formulas[operand], mode="eval")
        props = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr in PROPERTIES}
        if any(isinstance(n, ast.Name) and n.id == name and id(n) not in props for n in ast.walk(tree)):
            out.append(i)
    return out


class Recording(Template):
    """The lines that record an operation."""

    def track(self, row: Row, indent: int, inplace: bool = False, cls: str | None = None) -> None:
        """The part that builds the node, of the class `cls` if it is not the row's own: edges, saved values."""
        w = self.body
        base = self.base(row)
        early = inplace and row.tensors[0].name in row.saved  # numbered already, before the clone that it saves
        number = "node.seq = seq" if early else self.number(row)
        w(indent, f"node = {self.new_node(row, cls)}\n{number}")
        lists = [p.name for p in row.params if p.kind == "tensors"]
        if base == "VariadicNode":
            if lists:
                w(indent, f"edges = [edge(t) for t in {lists[0]}]")
            else:
                maybe = {p.name for p in row.params if p.optional or row.template == "nary"}  # as clamp's bounds are
                edges = [
                    f"(None, 0) if {n} is None else edge({n})" if n in maybe else f"edge({n})" for n in row.operands
                ]
                w(indent, f"edges = [{', '.join(edges)}]")
            w(indent, "node.next_nodes = tuple([e[0] for e in edges])\nnode.next_nrs = tuple([e[1] for e in edges])")
            if row.template == "nary":
                w(indent, "node.operand_descs = [None if t is None else t._desc for t in tensors]")
        else:
            for i, n in enumerate(row.operands):
                w(indent, f"fn{i} = {n}._made")
                w(indent, f"if fn{i} is not None and {n}._extra is None:")
                w(indent + 1, f"node.next{i} = fn{i}")
                if len(row.operands) > 1:
                    w(indent, f"elif not {n}._requires_grad:\n    node.next{i} = fn{i} = None")
                w(
                    indent,
                    f"elif {n}._extra is None and {n}._accumulator is not None and (fn{i} := {n}._accumulator()) is not None:",
                )
                w(indent + 1, f"node.next{i} = fn{i}")
                w(indent, f"else:\n    fn{i}, nr{i} = edge({n})\n    node.next{i} = fn{i}")
                w(indent + 1, f"if nr{i}:\n    node.nr{i} = nr{i}")
            if base == "BinaryNode":
                w(indent, "node.plan = plan" if row.template == "binary" else "node.plan = None")
        if row.shown == "NotImplemented":
            w(indent, f"node.required = ({', '.join(f'requires_grad({n})' for n in row.operands)},)")
        maybe = {p.name for p in row.params if p.optional}
        for n in row.saved:
            needed = readers_of(row, n)
            if base == "BinaryNode" and len(needed) == 1 and len(row.operands) == 2:
                w(indent, f"if fn{needed[0]} is not None:")
                self.save(n, indent + 1, inplace and n == row.tensors[0].name, n in maybe)
                w(indent, f"else:\n    node.{n} = None")
            elif base == "VariadicNode" and len(needed) == 1 and len(row.operands) > 1 and not (row.joint or lists):
                w(indent, f"if edges[{needed[0]}][0] is not None:")
                self.save(n, indent + 1, inplace and n == row.tensors[0].name, row.template == "nary" or n in maybe)
                w(indent, f"else:\n    node.{n} = None")
            else:  # what several formulas read is saved in any case, as PyTorch's generated code has it
                self.save(n, indent, inplace and n == row.tensors[0].name, row.template == "nary" or n in maybe)
        for n in row.saved_lists:
            w(indent, f"node.{n} = SavedList(node, {n})")
        self.save_values(row, indent)

    def save_values(self, row: Row, indent: int) -> None:
        """The lines that save plain values and properties of tensors."""
        for n, value in self.values(row):
            self.body(indent, f"node.{n} = {value}")

    def values(self, row: Row) -> Iterator[tuple[str, str]]:
        """The plain values and properties of tensors that are saved: the name of each, and its expression."""
        tensors = {p.name: p.name for p in row.tensors} | {n: f"results[{i}]" for i, n in enumerate(row.outputs)}
        for n in row.saved_values:
            found = next(
                (p for p in PROPERTIES.values() if n.endswith("_" + p[0]) and n[: -len(p[0]) - 1] in tensors), None
            )
            if found:
                tensor = tensors[n[: -len(found[0]) - 1]]
                known = f"(0,) if {tensor} is None else " if found[0].endswith("_opt") else ""
                yield n, f"{known}{tensor}.{found[1]}"
            elif n.endswith("_descs"):
                own = "t._desc if t._desc.dtype is desc.dtype else brought_to(t, desc)"
                yield n, f"tuple([{own} for t in {n[:-6]}])"
            else:
                yield n, n

    def new_node(self, row: Row, cls: str | None = None) -> str:
        """The expression that makes a node, by a kept tuple of arguments, or one of `cls`, which is not the row's."""
        if cls or not row.formulas:
            return f"_new({cls or row.node})"
        self.quick.add(row.node)
        return f"_new(*_{row.node})"

    def number(self, row: Row) -> str:
        """The lines that give a node the number that says when it runs: the next one, or that of leaves.

        A loop that takes one number and ends needs fewer instructions than a call of `next` (155 instead of 215).
        """
        return "node.seq = ACCUMULATE_SEQ" if row.raises else "for node.seq in sequence_nrs:\n    break"

    def track_plain(
        self, row: Row, indent: int, array: str = "array", number: str | None = None, always: bool = False
    ) -> None:
        """`track`, `new_tensor` and return where operands are plain (`_extra` is None), modes are as usual, and some
        operand requires grad; `array` is what computes, and the operand `number` is a constant.

        Where no operand requires grad nothing is done, or, with `always`, the result returned that is not recorded.
        """
        w = self.body
        operands = [n for n in row.operands if n != number]
        for i, n in enumerate(row.operands):
            if n == number:
                continue
            w(indent, f"fn{i} = {n}._made\nif fn{i} is None and {n}._requires_grad:")
            w(indent + 1, f"fn{i} = {n}._accumulator  # weakly")
            w(indent + 1, f"if fn{i} is None or (fn{i} := fn{i}()) is None:\n    fn{i} = new_accumulator({n})")
        known = [f"fn{i}" for i, n in enumerate(row.operands) if n in operands]
        if not always:
            w(indent, f"if {' or '.join(f'{fn} is not None' for fn in known)}:")
            indent += 1
        w(indent, f"result = _new(*_TENSOR)\nresult._array = {array}\nresult._desc = desc\nresult._extra = None")
        if always:
            w(indent, f"if {' and '.join(f'{fn} is None' for fn in known)}:")
            w(indent + 1, "result._requires_grad = False")
            w(indent + 1, "result._made = result._counter = result._grad = result._accumulator = None\nreturn result")
        if not self.makes_records(row):
            self.node_of_plain(row, indent, operands)
        else:
            self.records.add(row.node)
            w(indent, "for number in sequence_nrs:\n    break")
            edges = ["None" if n == number else f"fn{i}" for i, n in enumerate(row.operands)]
            fields = [f"run_{row.node}", "number", "desc", *edges, *(value for _, value in self.values(row))]
            for n in row.saved:
                readers = [r for r in readers_of(row, n) if row.operands[r] in operands]
                always = (len(known) == 1 and readers) or len(readers) == len(row.operands)
                needed = " or ".join(f"fn{r} is not None" for r in readers)
                fields.append(n if always else f"{n} if {needed} else None" if readers else "None")
                counted = readers and n != number
                fields.append(f"0 if {n}._counter is None else {n}._counter[0]" if counted else "0")
            for _ in row.saved_results:
                w(indent, "result._counter = counter = [0]")
                fields += ["array", "counter"]
            if number and number in row.saved:  # a shorter one, of what is known of it
                self.numbers.add(row.node)
                fields = [f"number_{row.node}", "number", "desc", "fn0", number]
            w(indent, f"result._requires_grad = True\nresult._made = [{', '.join(fields)}]")
            if not row.saved_results:
                w(indent, "result._counter = None")
        w(indent, "return result")

    def makes_records(self, row: Row) -> bool:
        """Whether the usual case makes a record (nodes/records.py) instead of a Node."""
        raise NotImplementedError

    def fields(self, row: Row) -> list[str]:
        """What a record of the row holds, after its function and its number."""
        fields = ["desc", *(f"next{i}" for i in range(len(row.operands))), *row.saved_values]
        fields += [field for n in row.saved for field in (n, n + "_version")]
        return fields + [field for n in row.saved_results for field in (n, n + "_counter")]

    def node_of_plain(self, row: Row, indent: int, operands: list[str]) -> None:
        """The lines of `track_plain` that make a Node."""
        w = self.body
        w(indent, f"node = {self.new_node(row)}\n{self.number(row)}")
        for i in range(len(row.operands)):
            w(indent, f"node.next{i} = fn{i}")
        if self.base(row) == "BinaryNode":
            w(indent, "node.plan = None")
        if row.shown == "NotImplemented":
            required = [f"fn{i} is not None" for i in range(len(row.operands))]
            w(indent, f"node.required = ({', '.join(required)},)")
        self.save_values(row, indent)
        for n in row.saved:
            readers = readers_of(row, n)
            if not readers:
                w(indent, f"node.{n} = None")
                continue
            read = len(operands) == 1 or len(readers) == len(row.operands)
            if not read:
                w(indent, f"if {' or '.join(f'fn{r} is not None' for r in readers)}:")
            w(
                indent + (not read),
                f"node.{n} = {n}\nnode.{n}_version = 0 if {n}._counter is None else {n}._counter[0]",
            )
            if not read:
                w(indent, f"else:\n    node.{n} = None")
        w(indent, "node.desc = desc\nresult._requires_grad = True\nresult._made = node")
        if not row.saved_results:
            w(indent, "result._counter = None")
        for n in row.saved_results:
            w(indent, f"node.{n} = array\nnode.{n}_counter = result._counter = [0]\nnode.{n}_version = 0")

    def save(self, n: str, indent: int, clone: bool, optional: bool = False) -> None:
        w = self.body
        if optional and not clone:
            w(
                indent,
                f"if {n} is not None and {n}._extra is not None and {n}._extra.inference:\n    check_saveable({n}, node)\n"
                f"node.{n} = {n}\nnode.{n}_version = 0 if {n} is None or {n}._counter is None else {n}._counter[0]",
            )
            return
        if clone:
            w(indent, f"node.{n} = original\nnode.{n}_version = 0")
            return
        w(indent, f"if {n}._extra is not None and {n}._extra.inference:\n    check_saveable({n}, node)")
        w(indent, f"node.{n} = {n}\ncounter = {n}._counter\nnode.{n}_version = 0 if counter is None else counter[0]")

    def save_result(self, row: Row, indent: int, results: dict[str, tuple[str, str]]) -> None:
        w = self.body
        for n in row.saved_results:
            array, tensor = results[n]
            w(indent, f"node.{n} = {array}\nnode.{n}_counter = {tensor}._counter = [0]\nnode.{n}_version = 0")
        given = ", ".join(["node", *(f"{n}={results[n][1]}" for n in row.saved_results)])
        w(indent, f"if saved_hooks.in_force:\n    saved_hooks.pack({given})")

    def new_tensor(self, indent: int, requires: str, grad_fn: str) -> None:
        self.body(
            indent,
            f"result = _new(*_TENSOR)\nresult._array = array\nresult._desc = desc\n"
            f"result._requires_grad = {requires}\nresult._made = {grad_fn}\n"
            "result._counter = None\nresult._extra = None",
        )
        if grad_fn == "None":
            self.body(indent, "result._grad = None\nresult._accumulator = None")
            self.body(indent, "if disabled and _grad.inference:\n    mark_inference(result)")

    def flag(self, row: Row, indent: int) -> None:
        """`flag`: whether some operand requires grad and grad mode is on."""
        w = self.body
        names = row.operands
        lists = [p.name for p in row.params if p.kind == "tensors"]
        if lists:
            w(indent, f"flag = any([requires_grad(t) for t in {lists[0]}]) and recorded({lists[0]})")
        elif row.template == "nary":
            given = [p.name for p in row.tensors]
            asked = "tensors" if len(given) == len(row.operands) else f"({', '.join(given)},)"
            w(indent, f"flag = any([requires_grad(t) for t in tensors if t is not None]) and recorded({asked})")
        else:
            maybe = {p.name for p in row.params if p.optional}
            asked = {n: f"{n} is not None and " if n in maybe else "" for n in names}
            w(indent, "flag = " + " or ".join(f"{asked[n]}{n}._requires_grad" for n in names))
            w(indent, "if flag and flag is not True:")
            required = " or ".join(f"{asked[n]}requires_grad({n})" for n in names)
            given = [p.name for p in row.params if p.kind == "tensor"]
            indices = "".join(f", {p.name}" for p in row.params if p.indices)
            seen = "" if row.name in NUMBERED else f" and recorded(({', '.join(given)},){indices})"
            w(indent + 1, f"flag = ({required}){seen}")
            if NUMBERED.get(row.name):
                alone = " and ".join(f"{n}._extra.inference" for n in names)
                w(indent + 1, f"if flag and _grad.grad and {alone}:\n    return dispatch.{NUMBERED[row.name]}")
        w(indent, "if flag and (not disabled or _grad.grad):")
