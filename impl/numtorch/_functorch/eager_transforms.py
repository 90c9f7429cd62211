"""grad, vjp, jvp and what is made of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from .. import grad_mode, levels
from ..aliasing.views import storage_of
from ..autograd import forward_ad
from ..autograd.entry import grad as autograd_grad
from ..autograd.grad_mode import enable_grad
from ..autograd.graph import disable_saved_tensors_hooks
from ..calls import replacing
from ..creation import zeros_like
from ..tensor import Tensor, wrap
from ..tree import pprint, tree_flatten, tree_leaves, tree_map, tree_unflatten
from .inference import Within
from .interpreters import GradInterpreter, JvpInterpreter

NO_HOOKS = (
    "torch.func.{grad, vjp, jacrev, hessian} don't yet support saved tensor hooks. Please open an issue with your use "
    "case."
)
JVP = "jvp(f, primals, tangents)"
_jvp_nesting = 0


class may_require_grad:
    """Within it requires_grad_() is allowed."""

    def __enter__(self) -> None:
        self.was, levels.state.may_require_grad = levels.state.may_require_grad, True

    def __exit__(self, *exc: Any) -> None:
        levels.state.may_require_grad = self.was


class held:
    """Within it operators look for tensors whose level is over: what a transform returned runs again."""

    def __enter__(self) -> None:
        replacing.hold()

    def __exit__(self, *exc: Any) -> None:
        replacing.let_go()


def like(func: Any) -> Callable[[Any], Any]:
    """Give a transform the name and the docstring of the function."""
    return functools.wraps(func, assigned=[a for a in functools.WRAPPER_ASSIGNMENTS if hasattr(func, a)])


# ---- arguments


def wrapped(tree: Any, level: GradInterpreter) -> Any:
    """The tensors at a level."""
    return tree_map(lambda x: level.wrap(x) if isinstance(x, Tensor) else x, tree)


def differentiable(tree: Any) -> Any:
    """Let the tensors require grad at the level that they are of."""

    def require(x: Any) -> Any:
        if not isinstance(x, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")
        with may_require_grad():
            return x.requires_grad_()

    return tree_map(require, tree)


def unwrapped(tree: Any, level: GradInterpreter) -> Any:
    """What the tensors of a level stand for."""

    def unwrap(x: Any) -> Any:
        if isinstance(x, Tensor):
            return level.unwrap(x)
        if isinstance(x, tuple):
            return tree_map(unwrap, tuple(x))
        raise RuntimeError(f"Expected tensors, got unsupported type {type(x)}")

    return tree_map(unwrap, tree)


def argument(argnum: Any, count: int) -> int:
    """A number of an argument, counted from the front."""
    if not isinstance(argnum, int):
        raise RuntimeError(f"argnum must be int, got: {type(argnum)}")
    if 0 <= argnum < count:
        return argnum
    if -count <= argnum < 0:
        return argnum + count
    raise RuntimeError(f"Got argnum={argnum}, but only {count} positional inputs")


def sliced(args: tuple, argnums: Any, as_tuple: bool = True) -> Any:
    """The arguments of these numbers."""
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    if isinstance(argnums, int):
        found = args[argument(argnums, len(args))]
        return (found,) if as_tuple else found
    argnums = tuple([argument(a, len(args)) for a in argnums])
    if not argnums:
        raise RuntimeError("argnums must be non-empty")
    if len(set(argnums)) != len(argnums):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")
    return tuple([args[i] for i in argnums])


def replaced_args(old: tuple, new: tuple, argnums: Any) -> tuple:
    """The arguments with others in the places of these numbers."""
    if isinstance(argnums, int):
        if len(new) != 1:
            raise RuntimeError(f"new_args should be of size 1, was of size {len(new)}")
        return tuple([new[0] if i == argnums else a for i, a in enumerate(old)])
    return tuple([new[argnums.index(i)] if i in argnums else a for i, a in enumerate(old)])


def output_and_aux(output: Any, who: str) -> tuple:
    """A pair that the function must return with has_aux."""
    if not (isinstance(output, tuple) and len(output) == 2):
        raise RuntimeError(f"{who}: output of function f should be a tuple: (output, aux) if has_aux is True")
    return output


def refuse_complex(name: str, args: Any, what: str) -> None:
    """jacrev and jacfwd take no complex tensors."""
    for index, value in enumerate(tree_leaves(args)):
        if isinstance(value, Tensor) and value.dtype.is_complex:
            raise RuntimeError(
                f"{name}: Expected all {what} to be real but received complex tensor at flattened input idx: {index}"
            )


def check_outputs(output: list, api: str) -> None:
    """Refuse outputs that are no tensors, or none at all."""
    if (len(output) == 1 and output[0] is None) or not output:
        raise RuntimeError(f"{api}: Expected f to be a function that has non-empty output (got output = {output})")
    for o in output:
        if not isinstance(o, Tensor):
            raise RuntimeError(f"{api}: expected f(*primals) to return only tensors, got unsupported type {type(o)}")


# ---- reverse mode


def gradients(
    outputs: Any, inputs: Any, seeds: Any = None, retain_graph: bool = False, create_graph: bool = True
) -> tuple:
    """What autograd.grad returns, zeros where an output does not depend on an input."""
    if seeds is None:
        outputs = tuple([out for out in outputs if out.requires_grad])
    else:
        pairs = [(out, seed) for out, seed in zip(outputs, seeds, strict=False) if out.requires_grad]
        outputs, seeds = zip(*pairs, strict=True) if pairs else ((), ())
    if not outputs:
        return tuple([zeros_like(i) for i in inputs])
    found = autograd_grad(
        outputs, inputs, seeds, retain_graph=retain_graph, create_graph=create_graph, allow_unused=True
    )
    return tuple([zeros_like(i) if g is None else g for g, i in zip(found, inputs, strict=True)])


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """What the function returns, and the function that multiplies cotangents by its Jacobian."""
    return vjp_of(func, primals, None, has_aux)


def vjp_of(func: Callable[..., Any], primals: tuple, argnums: Any, has_aux: bool) -> tuple:
    """The same, by the arguments of these numbers; texts are those of vjp, whoever calls."""
    with disable_saved_tensors_hooks(NO_HOOKS), GradInterpreter() as level, enable_grad():
        primals = wrapped(primals, level)
        if argnums is None:
            wanted = differentiable(primals)
        else:
            wanted = sliced(primals, argnums, as_tuple=False)
            differentiable(wanted)
        output = func(*primals)
        aux: Any = None
        if has_aux:
            output, aux = output_and_aux(output, "vjp(f, *primals)")
            aux = unwrapped(aux, level)
        flat_output, output_spec = tree_flatten(output)
        check_outputs(flat_output, "vjp(f, *primals)")
        flat_wanted, wanted_spec = tree_flatten(wanted)
        results = unwrapped(output, level)
        for out in flat_output:
            if not (out.is_floating_point() or out.is_complex()):
                raise RuntimeError(
                    "vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor "
                    f"with dtype {out.dtype}"
                )

    def wrapper(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        if create_graph is None:
            create_graph = grad_mode.is_grad_enabled()
        flat, spec = tree_flatten(cotangents)
        if output_spec != spec:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. "
                f"cotangents: {pprint(spec)}, primal output: {pprint(output_spec)}"
            )
        with held(), Within(level=False):
            found = gradients(flat_output, flat_wanted, flat, retain_graph=retain_graph, create_graph=create_graph)
        return tree_unflatten(found, wanted_spec)

    return (results, wrapper, aux) if has_aux else (results, wrapper)


def grad(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that computes the gradient of a function with one number as its output."""

    @like(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        found = gradient_and_value(func, argnums, has_aux, args, kwargs)
        return (found[0], found[1][1]) if has_aux else found[0]

    return wrapper


def grad_and_value(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that computes the gradient, and what the function returns."""

    @like(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return gradient_and_value(func, argnums, has_aux, args, kwargs)

    return wrapper


def gradient_and_value(func: Callable[..., Any], argnums: Any, has_aux: bool, args: tuple, kwargs: dict) -> tuple:
    """The gradient, and the output; with has_aux the output and what the function returned beside it."""
    with disable_saved_tensors_hooks(NO_HOOKS), GradInterpreter() as level, enable_grad():
        args, kwargs = wrapped(args, level), wrapped(kwargs, level)
        wanted = sliced(args, argnums, as_tuple=False)
        differentiable(wanted)
        output = func(*args, **kwargs)
        aux: Any = None
        if has_aux:
            output, aux = output_and_aux(output, "grad_and_value(f)(*args)")
        if not isinstance(output, Tensor):
            raise RuntimeError(f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(output)}")
        if output.dim() != 0:
            raise RuntimeError(
                "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with "
                f"{output.dim()} dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
            )
        flat, spec = tree_flatten(wanted)
        found = unwrapped(tree_unflatten(gradients((output,), flat), spec), level)
        output = unwrapped(output, level)
        if has_aux:
            aux = unwrapped(aux, level)
    return found, ((output, aux) if has_aux else output)


# ---- forward mode


def primal_and_tangent(dual: Any, strict: bool) -> tuple:
    """The two parts of an output, zeros for a tangent that there is not."""
    if not isinstance(dual, Tensor):
        raise RuntimeError(f"{JVP}: expected f(*args) to return only tensors, got unsupported type {type(dual)}")
    primal, tangent = forward_ad.unpack_dual(dual)
    if tangent is None:
        if strict:
            raise RuntimeError(
                "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not allowed "
                "with strict=True."
            )
        tangent = zeros_like(primal)
    return primal, tangent


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """What the function returns, and how it changes along the tangents."""
    return jvp_of(func, primals, tangents, None, strict, has_aux)


class _Nested:
    """The level of one jvp; the outermost enters the dual level, of which there is one."""

    def __enter__(self) -> JvpInterpreter:
        global _jvp_nesting
        self.level = JvpInterpreter().__enter__()
        _jvp_nesting += 1
        self.was, grad_mode.state.forward = grad_mode.state.forward, True
        self.entered = False
        if _jvp_nesting == 1:
            try:
                forward_ad.enter_dual_level()
                self.entered = True
            except BaseException:
                self.__exit__()
                raise
        return self.level

    def __exit__(self, *exc: Any) -> None:
        global _jvp_nesting
        if self.entered:
            forward_ad.exit_dual_level()
        grad_mode.state.forward = self.was
        _jvp_nesting -= 1
        self.level.__exit__(*exc)


def jvp_of(func: Callable[..., Any], primals: Any, tangents: Any, argnums: Any, strict: bool, has_aux: bool) -> tuple:
    """The same, by the arguments of these numbers; texts are those of jvp, whoever calls."""
    if not isinstance(primals, tuple):
        raise RuntimeError(f"{JVP}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).")
    wanted = primals if argnums is None else sliced(primals, argnums)
    flat_primals, primals_spec = tree_flatten(wanted)
    flat_tangents, tangents_spec = tree_flatten(tangents)
    if primals_spec != tangents_spec:
        raise RuntimeError(
            f"{JVP}: Expected primals and tangents to have the same python structure. For example, if primals is a tuple of 3 "
            f"tensors, tangents also must be. Got primals with structure {primals_spec} and tangents with structure "
            f"{tangents_spec}"
        )
    for values, what in ((flat_primals, "primals"), (flat_tangents, "tangents")):
        if not values:
            raise RuntimeError(f"{JVP}: Expected {what} to contain at least one Tensor.")
        for value in values:
            if not isinstance(value, Tensor):
                raise RuntimeError(f"{JVP}: Expected {what} to only contain Tensors, got {type(value)}")
    with _Nested() as level:
        duals = [forward_ad.make_dual(p, t) for p, t in zip(flat_primals, flat_tangents, strict=True)]
        args = tree_unflatten(duals, primals_spec)
        if argnums is not None:
            args = replaced_args(wrapped(primals, level), args, argnums)
        output = func(*args)
        aux: Any = None
        if has_aux:
            output, aux = output_and_aux(output, JVP)
            aux = unwrapped(aux, level)
        flat, spec = tree_flatten(output)
        check_outputs(flat, JVP)
        found = [primal_and_tangent(dual, strict) for dual in flat]
        both = [tree_unflatten([unwrapped(pair[i], level) for pair in found], spec) for i in (0, 1)]
    return (both[0], both[1], aux) if has_aux else (both[0], both[1])


def linearize(func: Callable[..., Any], *primals: Any) -> tuple:
    """What the function returns, and the function that multiplies tangents by its Jacobian, which does not run it again.

    The tangents of its outputs are recorded once as a graph over those of its inputs. They are linear in them, so that
    the derivative of what the graph passes back, by what it is given, takes tangents forward.
    """
    output = func(*primals)
    output_spec = tree_flatten(output)[1]
    flat, spec = tree_flatten(primals)
    seeds = [zeros_like(p).requires_grad_() for p in flat]
    with forward_ad.dual_level(), enable_grad():
        duals = [forward_ad.make_dual(p, s) for p, s in zip(flat, seeds, strict=True)]
        found = [primal_and_tangent(d, False)[1] for d in tree_leaves(func(*tree_unflatten(duals, spec)))]
        givens = [zeros_like(t).requires_grad_() for t in found]
        back = gradients(found, seeds, givens, retain_graph=True)

    def jvp_fn(*tangents: Any) -> Any:
        flat_tangents, tangents_spec = tree_flatten(tangents)
        if tangents_spec != spec:
            raise RuntimeError(f"Expected the tangents {tangents_spec} to have the same argspec as the primals {spec}")
        for index, (tangent, primal) in enumerate(zip(flat_tangents, flat, strict=True)):
            for what in ("shape", "device", "dtype"):
                if getattr(tangent, what) != getattr(primal, what):
                    raise RuntimeError(
                        f"tangent:{index} with {what} {getattr(tangent, what)} in flattened pytree doesn't match the {what} "
                        f"{getattr(primal, what)} of the corresponding primal."
                    )
        tracked = grad_mode.is_grad_enabled() and any(p.requires_grad for p in flat)
        moved = gradients(back, givens, flat_tangents, retain_graph=True, create_graph=tracked)
        return tree_unflatten(moved if tracked else [wrap(storage_of(t)) for t in moved], output_spec)

    return output, jvp_fn


# ---- Jacobians


def _chunks(tensors: list, chunk_size: int | None) -> Iterator[list]:
    """The unit vectors of all tensors, so many at a time: for each tensor the part that is of its shape."""
    sizes = [t.numel() for t in tensors]
    total = sum(sizes)
    step = chunk_size if chunk_size and chunk_size < total else total
    for begin in range(0, total, step) if total else [0]:
        count = min(step, total - begin)
        offset, parts = begin, []
        for tensor, size in zip(tensors, sizes, strict=True):
            part = tensor.new_zeros(count, size)
            part.diagonal(offset).fill_(1)
            parts.append(part.view(count, *tensor.shape))
            offset -= size
        yield parts


def jacrev(
    func: Callable[..., Any],
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """The function that computes the Jacobian in reverse mode: one vmap over the vjp of all unit vectors."""
    from ..dispatch import cat
    from .vmap import vmap

    if not (chunk_size is None or chunk_size > 0):
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @like(func)
    def wrapper_fn(*args: Any) -> Any:
        refuse_complex("jacrev", args, "inputs")
        output, vjp_fn, *aux = vjp_of(func, args, argnums, has_aux)
        flat_output, output_spec = tree_flatten(output)
        refuse_complex("jacrev", flat_output, "outputs")
        primals = sliced(args, argnums)
        flat_primals, primals_spec = tree_flatten(primals)
        chunks = []
        for basis in _chunks(flat_output, chunk_size):
            if chunk_size == 1:
                found = tree_leaves(vjp_fn(tree_unflatten([b.squeeze(0) for b in basis], output_spec)))
                chunks.append([f.unsqueeze(0) for f in found])
            else:
                chunks.append(tree_leaves(vmap(vjp_fn)(tree_unflatten(basis, output_spec))))
        columns = chunks[0] if len(chunks) == 1 else [cat(list(c), 0) for c in zip(*chunks, strict=True)]
        by_input = []
        for column, primal in zip(columns, flat_primals, strict=True):
            parts = column.split([o.numel() for o in flat_output], dim=0)
            by_input.append([p.view(o.shape + primal.shape) for p, o in zip(parts, flat_output, strict=True)])
        by_output = [tree_unflatten(row, primals_spec) for row in zip(*by_input, strict=True)]
        if isinstance(argnums, int):
            by_output = [row[0] for row in by_output]
        result = tree_unflatten(by_output, output_spec)
        return (result, aux[0]) if has_aux else result

    return wrapper_fn


def jacfwd(
    func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """The function that computes the Jacobian in forward mode: one vmap over the jvp along all unit vectors."""
    from .vmap import vmap

    @like(func)
    def wrapper_fn(*args: Any) -> Any:
        refuse_complex("jacfwd", args, "inputs")
        primals = args if argnums is None else sliced(args, argnums)
        flat_primals, primals_spec = tree_flatten(primals)
        basis = tree_unflatten(next(_chunks(flat_primals, None)), primals_spec)

        def push_jvp(basis: Any) -> Any:
            output = jvp_of(func, args, basis, argnums, False, has_aux)
            refuse_complex("jacfwd", output[0], "outputs")
            return output[1:] if has_aux else output[1]

        results = vmap(push_jvp, randomness=randomness)(basis)
        aux: Any = None
        if has_aux:
            results, aux = results
            aux = tree_map(lambda value: value[0], aux)  # of as many as there are unit vectors
        outs, spec = tree_flatten(results)
        sizes = [p.numel() for p in flat_primals]
        found = []
        for out in outs:
            parts = out.movedim(0, -1).split(sizes, dim=-1)
            row = [
                part.unflatten(-1, p.shape) if len(p.shape) else part.squeeze(-1)
                for p, part in zip(flat_primals, parts, strict=True)
            ]
            found.append(tree_unflatten(row, primals_spec))
        if isinstance(argnums, int):
            found = [row[0] for row in found]
        result = tree_unflatten(found, spec)
        return (result, aux) if has_aux else result

    return wrapper_fn


def hessian(func: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """The function that computes second derivatives, forward over reverse."""
    return jacfwd(jacrev(func, argnums), argnums)
