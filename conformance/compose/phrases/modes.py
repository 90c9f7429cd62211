"""Grad modes as decorators, in generators, and left by an exception.

(`copy.copy(function)` is the function itself, which the program then calls: called directly it would run while it is recorded.)
"""

from conformance.compose.phrase import floating, function_of, one_of, phrase, seed_for, tracked

_modes = one_of("no_grad", "enable_grad", "inference_mode")


@phrase
def mode_as_a_decorator(torch, x: floating, f: function_of("x"), mode: _modes, called: one_of(True, False)):
    decorate = getattr(torch, mode)
    decorated = decorate()(f) if called else decorate(f)
    decorated(x)
    out = x * 3


@phrase
def mode_set_by_a_decorator(torch, x: floating, f: function_of("x"), on: one_of(False, True)):
    decorated = torch.set_grad_enabled(on)(f)
    out = x * 3
    decorated(x)


@phrase
def mode_set_by_a_function(torch, x: floating, f: function_of("x"), first: one_of(False, True)):
    torch.set_grad_enabled(first)
    f(x)
    torch.set_grad_enabled(not first)
    torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    out = x * 3


@phrase
def error_leaves_a_function(torch, copy, x: floating, f: function_of("x"), mode: _modes):
    def fails(a):
        with getattr(torch, mode)():
            f(a)
            raise ValueError("inside")

    copy.copy(fails)(x)
    torch.is_grad_enabled()
    out = x * 3


@phrase
def error_leaves_a_decorated_function(torch, x: floating, mode: _modes):
    @getattr(torch, mode)()
    def fails(a):
        a * 2
        raise ValueError("inside")

    fails(x)
    torch.is_grad_enabled()
    out = x * 3


@phrase
def decorated_generator(
    torch,
    builtins,
    x: floating,
    f: function_of("x"),
    mode: _modes,
    how: one_of("next", "send", "throw", "close", "held"),
):
    @getattr(torch, mode)()
    def produced(a):
        b = f(a)
        c = yield b
        yield c
        yield f(a)

    steps = produced(x)
    next(steps)
    torch.is_grad_enabled()
    out = x * 3
    if how == "next":
        next(steps)
        next(steps)
    elif how == "send":
        steps.send(out)
        next(steps)
    elif how == "throw":
        steps.throw(builtins.ValueError("thrown"))
    elif how == "close":
        steps.close()
    torch.is_grad_enabled()


@phrase
def generator_stops_inside_a_block(
    torch, builtins, copy, x: floating, f: function_of("x"), mode: _modes, how: one_of("next", "close", "throw", "held")
):
    def produced(a):
        with getattr(torch, mode)():
            b = f(a)
            yield b
        yield f(a)

    steps = copy.copy(produced)(x)
    next(steps)
    torch.is_grad_enabled()
    out = x * 3
    if how == "next":
        next(steps)
    elif how == "close":
        steps.close()
    elif how == "throw":
        steps.throw(builtins.ValueError("thrown"))
    torch.is_grad_enabled()


@phrase
def mode_used_again(torch, x: floating, f: function_of("x"), mode: _modes):
    block = getattr(torch, mode)()
    with block:
        f(x)
        with torch.enable_grad():
            out = x * 3
    with block:
        torch.is_grad_enabled()


@phrase
def backward_under_a_mode(
    torch, x: tracked, f: function_of("x", act="unary"), seed: seed_for("x"), mode: one_of("no_grad", "inference_mode")
):
    y = f(x)
    with getattr(torch, mode)():
        (out,) = torch.autograd.grad(y, x, seed, create_graph=True)
    torch.is_grad_enabled()


@phrase(grad=False)
def inference_tensor_goes_on(torch, x: floating, f: function_of("x"), how: one_of("read", "saved", "written", "clone")):
    with torch.inference_mode():
        out = x * 2
    if how == "read":
        f(out)
    elif how == "saved":
        out * x
    elif how == "written":
        out.mul_(2)
    else:
        f(out.clone())


PHRASES = (
    mode_as_a_decorator,
    mode_set_by_a_decorator,
    mode_set_by_a_function,
    error_leaves_a_function,
    error_leaves_a_decorated_function,
    decorated_generator,
    decorated_generator,
    generator_stops_inside_a_block,
    generator_stops_inside_a_block,
    mode_used_again,
    backward_under_a_mode,
    inference_tensor_goes_on,
)
