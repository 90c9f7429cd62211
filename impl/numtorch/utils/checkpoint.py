"""torch.utils.checkpoint: parts of a graph that are computed again in backward instead of being kept.

There are two variants, which share nothing but their purpose:

- reentrant: the function runs without recording, as one node; its backward runs it again, recorded, and starts a
  backward of its own. Only Tensor.backward can pass through it.
- not reentrant: the function runs recorded, but hooks put an empty Holder in the place of each tensor it saves. The first
  Holder that is read runs the function again under hooks that fill the Holders in order, and stops when all are full.
"""

from __future__ import annotations

import contextlib
import itertools
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

from ..autograd.entry import backward as run_backward
from ..autograd.function import Function
from ..autograd.grad_mode import enable_grad, no_grad
from ..autograd.graph import saved_tensors_hooks
from ..backward import engine
from ..grad_mode import is_grad_enabled
from ..nodes.saved import DETACHED, was_detached
from ..nodes.saved_variable import SavedVariable, save
from ..random import fork_rng, get_rng_state, set_rng_state
from ..tensor import Tensor
from ..warning import warn

_PASS_USE_REENTRANT = (
    "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, calling "
    "checkpoint without use_reentrant will raise an exception. use_reentrant=False is recommended, but if you need to "
    "preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more details on the "
    "differences between the two variants."
)
_PASS_USE_REENTRANT_TO_SEQUENTIAL = (
    "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly. In version 2.9 "
    "we will raise an exception if use_reentrant is not passed. use_reentrant=False is recommended, but if you need to "
    "preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more details on the "
    "differences between the two variants."
)
_TIP = """
Tip: To see a more detailed error message, either pass `debug=True` to
`torch.utils.checkpoint.checkpoint(...)` or wrap the code block
with `with torch.utils.checkpoint.set_checkpoint_debug_enabled(True):` to
enable checkpoint‑debug mode globally.

If this error occurs under torch.compile with automatic_dynamic_shapes enabled,
it may be because the recomputation selected a different compiled graph than the
forward pass (e.g., a dynamic graph instead of the original static graph).
To fix this, either:
  - Use torch._dynamo.mark_dynamic() to explicitly mark varying dimensions as
    dynamic upfront, avoiding the static-to-dynamic transition.
  - Call torch._C._dynamo.eval_frame._set_lru_cache(False) to disable LRU cache
    reordering, which can change which graph is checked first between forward
    and recompute.
See https://github.com/pytorch/pytorch/issues/166926 for more details and
workaround examples.
"""
_early_stop: bool | None = None  # what set_checkpoint_early_stop says; None leaves it to each call
_debug: bool | None = None  # what set_checkpoint_debug_enabled says, likewise


def noop_context_fn() -> tuple[Any, Any]:
    """No context for the forward, and none for the recomputation."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """function(*args, **kwargs), whose intermediate values are computed again when backward needs them."""
    if use_reentrant is None:
        warn(_PASS_USE_REENTRANT)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs and use_reentrant:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if use_reentrant:
        if context_fn is not noop_context_fn or debug is not False:
            raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        return CheckpointFunction.apply(function, preserve, *args)
    fail = None
    if debug if _debug is None else _debug:
        if context_fn is not noop_context_fn:
            raise ValueError("debug=True is incompatible with non-default context_fn")
        from .checkpoint_debug import debugging

        context_fn, fail = debugging()
    if determinism_check not in _METADATA:
        raise ValueError(f"determinism_check should be one of {list(_METADATA)}, but got {determinism_check}")
    forward_context, recompute_context = context_fn()
    state = get_rng_state() if preserve else None

    def again(*inputs: Any) -> None:
        with _from_state(state), recompute_context:
            function(*inputs, **kwargs)

    if not is_grad_enabled():
        return function(*args, **kwargs)
    stops = early_stop if _early_stop is None else _early_stop
    frame = _Frame(again, args, stops, _METADATA[determinism_check])
    with _Holding(frame, fail), forward_context:
        result = function(*args, **kwargs)
        frame.complete = True
    if not frame.complete:
        raise RuntimeError(
            "torch.utils.checkpoint: the forward context provided by context_fn suppressed an exception raised during "
            "the checkpointed forward. This is not supported because checkpoint cannot return a value for a failed "
            "forward."
        )
    return result


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """The functions one after the other, checkpointed in so many segments, the last one apart."""
    if use_reentrant is None:
        warn(_PASS_USE_REENTRANT_TO_SEQUENTIAL)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    functions = list(functions.children()) if hasattr(functions, "children") else list(functions)

    def run(part: list[Any]) -> Callable[[Any], Any]:
        def forward(value: Any) -> Any:
            for f in part:
                value = f(value)
            return value

        return forward

    size = len(functions) // segments
    start = 0
    for start in range(0, size * (segments - 1), size):
        input = checkpoint(
            run(functions[start : start + size]), input, use_reentrant=use_reentrant, preserve_rng_state=preserve
        )
    return run(functions[size * (segments - 1) :])(input)


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Whether checkpoints made inside stop to recompute as soon as all that was saved is there."""
    global _early_stop
    before, _early_stop = _early_stop, enable
    try:
        yield
    finally:
        _early_stop = before


@contextlib.contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """Whether checkpoints made inside log their operators for the error of a mismatch; None leaves it to each call."""
    global _debug
    before, _debug = _debug, enabled
    try:
        yield
    finally:
        _debug = before


@contextlib.contextmanager
def _from_state(state: Tensor | None) -> Iterator[None]:
    """Draw the random numbers that were drawn from this state on, and leave no trace."""
    with fork_rng(enabled=state is not None):
        if state is not None:
            set_rng_state(state)
        yield


# ---- reentrant


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments, each tensor detached, and requiring grad if it did."""
    if not isinstance(inputs, tuple):
        raise RuntimeError(f"Only tuple of tensors is supported. Got Unsupported input type: {type(inputs).__name__}")
    return tuple([x.detach().requires_grad_(x.requires_grad) if isinstance(x, Tensor) else x for x in inputs])


def check_backward_validity(inputs: Iterable[Any]) -> None:
    """Warn if no argument requires grad."""
    if not any(x.requires_grad for x in inputs if isinstance(x, Tensor)):
        warn("None of the inputs have requires_grad=True. Gradients will be None")


class CheckpointFunction(Function):
    """The node of a reentrant checkpoint."""

    __module__ = "torch.utils.checkpoint"

    @staticmethod
    def forward(ctx: Any, run_function: Any, preserve_rng_state: bool, *args: Any) -> Any:
        """Run the function without recording, keeping its arguments only."""
        check_backward_validity(args)
        tensors = [a for a in args if isinstance(a, Tensor)]
        ctx.run_function = run_function
        ctx.state = get_rng_state() if preserve_rng_state else None
        ctx.inputs = [None if isinstance(a, Tensor) else a for a in args]
        ctx.positions = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.save_for_backward(*tensors)
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Run the function again, recorded, and a backward through it."""
        task = engine.current.task
        if task.needed is not None or task.captures is not None:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an "
                "`inputs` parameter to .backward(). To resolve this error, you can either set "
                "use_reentrant=False, or call .backward() without passing the `inputs` argument."
            )
        inputs = list(ctx.inputs)
        for i, t in zip(ctx.positions, ctx.saved_tensors, strict=True):
            inputs[i] = t
        with _from_state(ctx.state):
            inputs = detach_variable(tuple(inputs))
            with enable_grad():
                outputs = ctx.run_function(*inputs)
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        pairs = [(o, grads[i]) for i, o in enumerate(outputs) if isinstance(o, Tensor) and o.requires_grad]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        run_backward([o for o, _ in pairs], [g for _, g in pairs])
        return None, None, *[i.grad if isinstance(i, Tensor) else None for i in inputs]


# ---- not reentrant


class CheckpointError(RuntimeError):
    """The recomputation did not save what the forward had saved."""

    __module__ = "torch.utils.checkpoint"


class _StopRecomputationError(Exception):
    """Everything that was saved is there again."""


class _Holder:
    """What a node keeps instead of a saved tensor: the tensor, by the backward that recomputed it."""

    def __init__(self) -> None:
        self.tensors: dict[Any, Any] = {}


def _metadata(x: Tensor) -> dict[str, Any]:
    return {"shape": x.shape, "dtype": x.dtype, "device": x.device}


_METADATA: dict[str, Callable[[Tensor], Any]] = {"default": _metadata, "none": lambda x: None}
_alone = itertools.count(-1, -1)  # stands for a backward where a saved tensor is read outside of any


class GraphExecGroup:
    """Inside, a checkpoint is recomputed once for all backwards, which are to be over different parts of its graph."""

    __module__ = "torch.utils.checkpoint"
    _current: GraphExecGroup | None = None

    def __enter__(self) -> GraphExecGroup:
        if GraphExecGroup._current is not None:
            raise RuntimeError(
                f"GraphExecGroup contexts cannot be nested. Already inside group {GraphExecGroup._current}"
            )
        GraphExecGroup._current = self
        return self

    def __exit__(self, *exc: object) -> None:
        GraphExecGroup._current = None


def _key() -> Any:
    """What stands for the backward that is running: its group, its number, or a number of its own where there is none."""
    if GraphExecGroup._current is not None:
        return GraphExecGroup._current
    task = engine.current.task
    return next(_alone) if task is None else task.id


class _Frame:
    """One checkpointed call: how to run it again, and the Holders that its forward handed out."""

    def __init__(self, again: Callable[..., None], args: tuple, early_stop: bool, metadata: Callable[[Tensor], Any]):
        self.again = again
        self.early_stop = early_stop
        self.metadata = metadata
        self.holders: list[weakref.ref[_Holder]] = []
        self.seen: list[Any] = []  # what the metadata of each was
        self.recomputed: dict[Any, int] = {}  # backward -> how many tensors it saved again
        self.filled: set[Any] = set()  # the backwards whose recomputation is over
        self.complete = False
        self.ignore_mismatch = False  # the forward's own code read a saved tensor: it was not over
        # Saved as a node saves its operands, so that an outer checkpoint's hooks and the version checks apply to them.
        self.args = [save(a, False) if isinstance(a, Tensor) else a for a in args]

    def inputs(self) -> list[Any]:
        """The arguments of the call."""
        found = [a.unpack(None) if isinstance(a, SavedVariable) else a for a in self.args]
        for saved, tensor in zip(self.args, found, strict=True):
            if isinstance(saved, SavedVariable) and not saved._is_packed() and was_detached(tensor, saved._version):
                raise RuntimeError(DETACHED)  # no node is named for which they were saved, which is why it is refused
        return found

    def recompute(self, key: Any) -> None:
        """Fill the Holders, and check that what fills them looks like what they stand for."""
        inputs = self.inputs()
        self.recomputed.setdefault(key, 0)
        with contextlib.suppress(_StopRecomputationError), _Filling(self, key), enable_grad():
            self.again(*inputs)
        self.filled.add(key)
        if self.ignore_mismatch:
            return
        if len(self.holders) != self.recomputed[key]:
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original "
                f"forward and recomputation.\nNumber of tensors saved during forward: "
                f"{len(self.holders)}\nNumber of tensors saved during recomputation: "
                f"{self.recomputed[key]}.\n{_TIP}"
            )
        different = ""
        for i, ref in enumerate(self.holders):
            holder = ref()
            if holder is not None and self.metadata(holder.tensors[key]) != self.seen[i]:
                different += (
                    f"tensor at position {i}:\nsaved metadata: {self.seen[i]}\n"
                    f"recomputed metadata: {self.metadata(holder.tensors[key])}\n"
                )
        if different:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different "
                f"metadata than during the forward pass.\n{different}.\n{_TIP}"
            )


class _Holding(saved_tensors_hooks):
    """During the forward: a Holder in the place of each saved tensor."""

    def __init__(self, frame: _Frame, fail: Callable[[RuntimeError], NoReturn] | None) -> None:
        def pack(x: Tensor) -> _Holder:
            holder = _Holder()
            frame.holders.append(weakref.ref(holder))
            frame.seen.append(frame.metadata(x))
            return holder

        def unpack(holder: _Holder) -> Tensor:
            key = _key()
            if key not in frame.filled:
                frame.recompute(key)
            if key not in holder.tensors:
                raise AssertionError(
                    "Something went unexpectedly wrong in activation checkpoint. Please report this bug by filing an "
                    "issue to PyTorch."
                )
            found, holder.tensors[key] = holder.tensors[key], None
            if found is None:
                overlap = ""
                if GraphExecGroup._current is not None:
                    overlap = (
                        "Performing two backward calls that overlap (i.e. require the same saved activation in order to "
                        "compute gradients) is not allowed while under the torch.utils.checkpoint.GraphExecGroup context. "
                    )
                raise CheckpointError(
                    "torch.utils.checkpoint: Unpack is being triggered for a tensor that was already unpacked once. "
                    f"{overlap}If you are calling ctx.saved_tensors in backward, make sure to do so only once. "
                    "Otherwise please open an issue with details on your use case."
                )
            return found

        def unpack_or_fail(holder: _Holder) -> Tensor:
            try:
                return unpack(holder)
            except CheckpointError as error:
                assert fail is not None
                fail(error)

        super().__init__(pack, unpack if fail is None else unpack_or_fail)


class _Filling(saved_tensors_hooks):
    """During the recomputation: each saved tensor into its Holder."""

    def __init__(self, frame: _Frame, key: Any) -> None:
        def pack(x: Tensor) -> Tensor:
            x = x.detach() if x.requires_grad else x
            index = frame.recomputed[key]
            frame.recomputed[key] += 1
            if index >= len(frame.holders):
                if frame.early_stop:
                    raise AssertionError("Unexpected state: target_frame.early_stop is set")
                if not frame.complete:
                    frame.ignore_mismatch = True
                    return x
                raise CheckpointError(
                    "torch.utils.checkpoint: trying to save more tensors during recomputation than during "
                    f"the original forward pass.\n{_TIP}"
                )
            holder = frame.holders[index]()
            if holder is not None:
                holder.tensors[key] = x
            if frame.early_stop and frame.recomputed[key] == len(frame.holders):
                raise _StopRecomputationError
            return x

        super().__init__(pack, lambda x: x)


__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "GraphExecGroup",
    "check_backward_validity",
    "checkpoint",
    "checkpoint_sequential",
    "detach_variable",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
]
