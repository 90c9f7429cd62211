"""no_grad, enable_grad, set_grad_enabled, inference_mode: contexts that are decorators too."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from .. import grad_mode
from ..aliasing.views import counter_of
from ..grad_mode import is_grad_enabled
from ..tensor import Tensor
from ..warning import warn


class ContextDecorator:
    """A context manager that decorates functions and generators, entering a fresh copy at each call."""

    def clone(self) -> Any:
        """A copy of the context for one call."""
        return type(self)()

    def __enter__(self) -> Any:
        raise NotImplementedError

    def __exit__(self, *exc: Any) -> None:
        raise NotImplementedError

    def __call__(self, function: Any) -> Any:
        if inspect.isclass(function):
            warn(
                "Decorating classes is deprecated and will be disabled in future versions. You should only "
                "decorate functions or methods. To preserve the current behavior of class decoration, you can "
                "directly decorate the `__init__` method and nothing else.",
                FutureWarning,
            )
            return self(lambda *args, **kwargs: function(*args, **kwargs))
        if inspect.isgeneratorfunction(function):
            return self._wrap_generator(function)

        @functools.wraps(function)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        return decorated

    def _wrap_generator(self, function: Callable[..., Any]) -> Any:
        """The mode is in force only while the generator's body runs, not between its yields."""

        @functools.wraps(function)
        def generator(*args: Any, **kwargs: Any) -> Any:
            inner = function(*args, **kwargs)
            try:
                with self.clone():
                    response = inner.send(None)
                while True:
                    try:
                        request = yield response
                    except GeneratorExit:
                        with self.clone():
                            inner.close()
                        raise
                    except BaseException as thrown:
                        with self.clone():
                            response = inner.throw(thrown)
                    else:
                        with self.clone():
                            response = inner.send(request)
            except StopIteration as stop:
                return stop.value

        return generator


class _NoParams(ContextDecorator):
    def __new__(cls, function: Any = None) -> Any:
        if function is None:
            return super().__new__(cls)
        return cls()(function)


class no_grad(_NoParams):
    """Operations are not recorded."""

    __module__ = "torch.autograd.grad_mode"

    def __init__(self) -> None:
        self.prev = False

    def __enter__(self) -> None:
        self.prev = grad_mode.set_grad(False)

    def __exit__(self, *exc: Any) -> None:
        grad_mode.set_grad(self.prev)


class enable_grad(_NoParams):
    """Operations are recorded, also inside no_grad."""

    __module__ = "torch.autograd.grad_mode"

    def __enter__(self) -> None:
        self.prev = grad_mode.set_grad(True)

    def __exit__(self, *exc: Any) -> None:
        grad_mode.set_grad(self.prev)


class set_grad_enabled(ContextDecorator):
    """Switch recording on or off: at once, and back again if used as a context."""

    __module__ = "torch.autograd.grad_mode"

    def __init__(self, mode: bool) -> None:
        if type(mode) is not bool:
            from ..calls.operands import type_name

            raise TypeError(f"set_grad_enabled(): argument 'enabled' (position 1) must be bool, not {type_name(mode)}")
        self.prev = is_grad_enabled()
        self.mode = mode
        grad_mode.set_grad(mode)

    def __call__(self, function: Any) -> Any:
        grad_mode.set_grad(self.prev)
        return super().__call__(function)

    def __enter__(self) -> None:
        grad_mode.set_grad(self.mode)

    def __exit__(self, *exc: Any) -> None:
        grad_mode.set_grad(self.prev)

    def __str__(self) -> str:
        return f"{type(self).__module__}.set_grad_enabled(mode={self.mode})"

    def __repr__(self) -> str:
        return str(self)

    def clone(self) -> set_grad_enabled:
        return type(self)(self.mode)


class _unsafe_preserve_version_counter(ContextDecorator):
    """Tensors have the same version after the block as before, whatever was written to them."""

    __module__ = "torch.autograd.grad_mode"

    def __init__(self, tensors: Any):
        self.tensors = (tensors,) if isinstance(tensors, Tensor) else tensors
        if not isinstance(self.tensors, tuple):
            raise AssertionError("Expected tensors to be a tuple")
        self.prev_versions = tuple([t._version for t in self.tensors])

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        for tensor, version in zip(self.tensors, self.prev_versions, strict=True):
            counter_of(tensor)[0] = version


class inference_mode(ContextDecorator):
    """No recording, and results that never take part in it."""

    __module__ = "torch.autograd.grad_mode"

    def __new__(cls, mode: Any = True) -> Any:
        if isinstance(mode, bool):
            return super().__new__(cls)
        return cls()(mode)

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        state = grad_mode.state
        self.prev = (state.inference, state.mode, state.forward)
        grad_mode.set_inference(self.mode, not self.mode, not self.mode)

    def __exit__(self, *exc: Any) -> None:
        grad_mode.set_inference(*self.prev)

    def clone(self) -> inference_mode:
        return type(self)(self.mode)


class set_multithreading_enabled(ContextDecorator):
    """Whether passes may use several threads, set at once and back at the end of a with block.

    The engine runs in the calling thread either way; what can be asked about a pass depends on it.
    """

    __module__ = "torch.autograd.grad_mode"

    def __init__(self, mode: bool) -> None:
        from .. import _C

        self.prev = _C._is_multithreading_enabled()
        _C._set_multithreading_enabled(mode)
        self.mode = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        grad_mode.state.multithreading = self.prev

    def clone(self) -> set_multithreading_enabled:
        return type(self)(self.mode)
