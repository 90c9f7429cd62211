"""torch.utils.checkpoint: what is computed again in backward instead of being kept."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, same_shape, smooth

CHOICES = st.booleans()


# -------------------------------------------------------------------------------------------------------- which variant


@case(requires=["checkpoint"], covers=["ck.default"])
def checkpoint_warns_unless_told_which_variant(torch, x: floats(values="finite")):
    """Without use_reentrant checkpoint warns, and is the reentrant variant."""
    y = torch.utils.checkpoint.checkpoint(lambda a: a.sin() * a, x.requires_grad_())
    y.grad_fn.name()
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.default", "ck.reentrant"])
def reentrant_checkpoint_takes_no_keywords(torch, x: floats(), scale: st.integers(1, 3), debug: CHOICES):
    """The reentrant variant refuses keywords of the function, contexts, and debugging."""
    x.requires_grad_()
    torch.utils.checkpoint.checkpoint(lambda a, scale: a * scale, x, scale=scale)
    torch.utils.checkpoint.checkpoint(lambda a: a, x, use_reentrant=True, scale=scale, other=scale)
    torch.utils.checkpoint.checkpoint(lambda a: a, x, use_reentrant=True, debug=debug)
    torch.utils.checkpoint.checkpoint(lambda a: a, x, use_reentrant=True, context_fn=lambda: None)
    torch.utils.checkpoint.checkpoint(
        lambda a: a, x, use_reentrant=True, context_fn=torch.utils.checkpoint.noop_context_fn
    )


# ------------------------------------------------------------------------------------------------------------- reentrant


@case(requires=["checkpoint"], covers=["ck.reentrant"])
def reentrant_checkpoint_runs_the_function_twice(
    torch, xy: same_shape(2, values="smooth"), g: lambda xy: cotangent(xy[0]), which: CHOICES
):
    """The function runs unrecorded in forward, and recorded in backward on detached arguments."""
    x, y = xy
    y.requires_grad_(which)
    z = torch.utils.checkpoint.checkpoint(lambda a, b, n: a.sin() * b * n, x.requires_grad_(), y, 3, use_reentrant=True)
    z.grad_fn.next_functions
    z.backward(g)


@case(requires=["checkpoint", "grad"], covers=["ck.reentrant"])
def reentrant_checkpoint_needs_backward(torch, x: floats(shape=(2,))):
    """autograd.grad, and backward with inputs, do not pass through the reentrant variant."""
    y = torch.utils.checkpoint.checkpoint(lambda a: a.exp(), x.requires_grad_(), use_reentrant=True)
    torch.autograd.grad(y.sum(), x, retain_graph=True)
    y.sum().backward(inputs=[x], retain_graph=True)
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.reentrant"])
def reentrant_checkpoint_of_plain_inputs_warns(torch, x: floats(shape=(2,)), w: floats(shape=(2,))):
    """Where no argument requires grad the reentrant variant warns, and its result does not require grad."""
    w.requires_grad_()
    y = torch.utils.checkpoint.checkpoint(lambda a: a * w, x, use_reentrant=True)
    y.requires_grad
    torch.utils.checkpoint.checkpoint(lambda a: a * w, 2.0, use_reentrant=True)


@case(requires=["checkpoint"], covers=["ck.reentrant"])
def reentrant_checkpoint_reaches_captured_leaves(torch, x: floats(shape=(2,)), w: floats(shape=(2,))):
    """Leaves that the function captures get their gradient from the backward within the backward."""
    w.requires_grad_()
    x.requires_grad_()
    y = torch.utils.checkpoint.checkpoint(lambda a: (a * w).sin(), x * 2, use_reentrant=True)
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.reentrant"])
def reentrant_checkpoint_shares_a_leaf_with_others(
    torch, x: smooth(shape=(2,)), w: smooth(shape=st.sampled_from([(), (2,)])), twice: CHOICES
):
    """A leaf used within a checkpoint and outside of it adds up gradients of two passes."""
    w.requires_grad_()
    y = torch.utils.checkpoint.checkpoint(lambda a: a * w.sin(), x.requires_grad_(), use_reentrant=True)
    z = torch.utils.checkpoint.checkpoint(lambda a: a * w, y, use_reentrant=True) if twice else y * w
    z.sum().backward()


@case(requires=["checkpoint"], covers=["ck.reentrant"])
def reentrant_checkpoint_of_several_outputs(torch, x: smooth(shape=(2,)), n: st.integers(1, 3)):
    """Outputs that are no tensors are passed on; those that do not require grad take no part in backward."""
    y, z, _ = torch.utils.checkpoint.checkpoint(lambda a: (a * 2, a.exp(), n), x.requires_grad_(), use_reentrant=True)
    (y * z).sum().backward()
    y, z = torch.utils.checkpoint.checkpoint(lambda a: (a * 2, a.detach()), x, use_reentrant=True)
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.reentrant"])
def reentrant_checkpoint_of_a_detached_output(torch, x: floats(shape=(2,))):
    """Backward says that a checkpoint is not necessary if nothing that it returns requires grad."""
    y = torch.utils.checkpoint.checkpoint(lambda a: a.detach() * 2, x.requires_grad_(), use_reentrant=True)
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.reentrant"])
def reentrant_checkpoints_nest(torch, x: smooth(shape=(2,))):
    """A reentrant checkpoint within another runs its function three times."""

    def inner(a):
        return a.sin()

    def outer(a):
        return torch.utils.checkpoint.checkpoint(inner, a * 2, use_reentrant=True).exp()

    torch.utils.checkpoint.checkpoint(outer, x.requires_grad_(), use_reentrant=True).sum().backward()


@case(requires=["checkpoint", "in_place"], covers=["ck.reentrant"])
def reentrant_checkpoint_saves_its_arguments(torch, x: floats(shape=(2,)), variant: CHOICES):
    """Writing to an argument before backward is found out, in both variants."""
    y = x.requires_grad_() * 2
    z = torch.utils.checkpoint.checkpoint(lambda a: a * a, y, use_reentrant=variant)
    y.add_(1)
    z.sum().backward()


@case(requires=["checkpoint", "create_graph"], covers=["ck.reentrant"])
def reentrant_checkpoint_twice(torch, x: smooth(shape=(2,))):
    """A retained graph runs the function again for each backward; without it the arguments are freed."""
    y = torch.utils.checkpoint.checkpoint(lambda a: a.sin(), x.requires_grad_(), use_reentrant=True).sum()
    y.backward(retain_graph=True)
    y.backward()
    y.backward()


# --------------------------------------------------------------------------------------------------------- not reentrant


@case(requires=["checkpoint"], covers=["ck.nonreentrant"])
def checkpoint_records_and_runs_again(
    torch, x: floats(values="finite"), w: lambda x: cotangent(x), scale: st.integers(1, 3)
):
    """The function is recorded in forward, and runs again in backward until all that was saved is there."""
    w.requires_grad_()

    def function(a, scale=1):
        b = (a * w).sin()
        return (b * scale).exp() * 2

    y = torch.utils.checkpoint.checkpoint(function, x.requires_grad_(), use_reentrant=False)
    y.grad_fn.name()
    y.sum().backward()


@case(requires=["checkpoint", "grad"], covers=["ck.nonreentrant"])
def checkpoint_works_with_grad_and_keywords(torch, x: smooth(shape=(2,)), scale: st.integers(2, 3)):
    """autograd.grad passes through the variant that is not reentrant, and keywords reach the function."""

    def function(a, factor):
        return (a * factor).sin()

    y = torch.utils.checkpoint.checkpoint(function, x.requires_grad_(), factor=scale, use_reentrant=False)
    torch.autograd.grad(y.sum(), x, retain_graph=True)
    y.sum().backward(inputs=[x], retain_graph=True)
    torch.autograd.grad(y.sum(), x)
    torch.autograd.grad(y.sum(), x)


@case(requires=["checkpoint", "create_graph"], covers=["ck.nonreentrant"])
def checkpoint_is_differentiable_twice(torch, x: smooth(shape=(2,))):
    """Derivatives of derivatives pass through a checkpoint, whose function runs again each time."""
    y = torch.utils.checkpoint.checkpoint(lambda a: a.sin().exp(), x.requires_grad_(), use_reentrant=False)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    torch.autograd.grad(g.sum(), x)


@case(requires=["checkpoint"], covers=["ck.nonreentrant"])
def checkpoint_stops_early(torch, x: smooth(shape=(2,)), call: CHOICES, context: st.sampled_from([True, False, None])):
    """The recomputation stops when all is there, unless early_stop or set_checkpoint_early_stop is False."""

    def function(a):
        b = a.exp().sin()
        return b + 1

    with torch.utils.checkpoint.set_checkpoint_early_stop(context):
        y = torch.utils.checkpoint.checkpoint(function, x.requires_grad_(), use_reentrant=False, early_stop=call)
    y.sum().backward()


@case(requires=["checkpoint", "no_grad"], covers=["ck.nonreentrant"])
def checkpoint_under_no_grad(torch, x: floats(), variant: CHOICES):
    """Under no_grad a checkpoint only runs its function."""
    with torch.no_grad():
        torch.utils.checkpoint.checkpoint(lambda a: a.sin(), x.requires_grad_(), use_reentrant=variant)


@case(requires=["checkpoint"], covers=["ck.nonreentrant"])
def checkpoint_needs_no_input_that_requires_grad(torch, x: floats(shape=(2,)), w: floats(shape=(2,))):
    """Captured leaves, or tensors within containers, are enough for the variant that is not reentrant."""
    w.requires_grad_()
    torch.utils.checkpoint.checkpoint(lambda a: (a * w).sin(), x, use_reentrant=False).sum().backward()
    y = torch.utils.checkpoint.checkpoint(lambda pair, n: (pair[0] * n * w).sin(), (x, w), 2, use_reentrant=False)
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.nonreentrant"])
def checkpoints_nest(torch, x: smooth(shape=(2,)), early: CHOICES):
    """A checkpoint within another is recomputed by the recomputation of the outer one."""

    def inner(a):
        return a.sin().exp()

    def outer(a):
        return torch.utils.checkpoint.checkpoint(inner, a * 2, use_reentrant=False, early_stop=early).cos()

    y = torch.utils.checkpoint.checkpoint(outer, x.requires_grad_(), use_reentrant=False, early_stop=early)
    torch.autograd.grad(y.sum(), x)


@case(requires=["checkpoint"], covers=["ck.nonreentrant", "ck.reentrant"])
def variants_of_checkpoint_nest(torch, x: smooth(shape=(2,)), first: CHOICES):
    """Each variant may contain the other."""

    def inner(a):
        return a.sin()

    def outer(a):
        return torch.utils.checkpoint.checkpoint(inner, a * 2, use_reentrant=not first).exp()

    # Not of the leaf itself: when PyTorch lets go of its copy of the leaf depends on the garbage collector.
    torch.utils.checkpoint.checkpoint(outer, x.requires_grad_() * 2, use_reentrant=first).sum().backward()


@case(requires=["checkpoint", "grad"], covers=["ck.nonreentrant"])
def backward_within_a_checkpoint(torch, x: smooth(shape=(2,)), retain: CHOICES, early: CHOICES):
    """A function that differentiates runs again for its own gradient already in forward."""

    def function(a):
        b = a.sin()
        c = b.cos()
        (g,) = torch.autograd.grad(c.sum(), a, retain_graph=retain)
        return a.cos() * g

    y = torch.utils.checkpoint.checkpoint(function, x.requires_grad_(), use_reentrant=False, early_stop=early)
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.nonreentrant"])
def checkpoint_may_run_in_contexts(
    torch, x: smooth(shape=(2,)), kind: st.sampled_from(["enable_grad", "set_grad_enabled"])
):
    """context_fn gives a context for the function, and one for running it again."""

    def contexts():
        return getattr(torch, kind)(True), torch.no_grad()

    y = torch.utils.checkpoint.checkpoint(
        lambda a: a.sin(), x.requires_grad_(), use_reentrant=False, context_fn=contexts
    )
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.nonreentrant"])
def checkpoint_raises_what_its_function_raises(torch, x: floats(shape=(2,)), variant: CHOICES, message: st.text("ab")):
    """An exception of the function passes through."""

    def function(a):
        raise LookupError(message)

    torch.utils.checkpoint.checkpoint(function, x.requires_grad_(), use_reentrant=variant)


@case(requires=["checkpoint"], covers=["ck.nonreentrant"])
def saved_tensor_of_a_checkpoint_may_be_read(torch, x: smooth(shape=(2,))):
    """Reading a saved value of a node within a checkpoint runs the function again, for each read."""
    y = torch.utils.checkpoint.checkpoint(lambda a: a.sin().exp(), x.requires_grad_(), use_reentrant=False)
    y.grad_fn._saved_result
    y.grad_fn._saved_result
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.nonreentrant"])
def checkpoint_sequential_splits_a_list(torch, x: smooth(shape=(2,)), segments: st.integers(1, 4), variant: CHOICES):
    """checkpoint_sequential checkpoints segments of a list of functions, but not the last."""
    functions = [lambda a: a.sin(), lambda a: a.cos(), lambda a: a.exp(), lambda a: a.tanh()]
    y = torch.utils.checkpoint.checkpoint_sequential(functions, segments, x.requires_grad_(), use_reentrant=variant)
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.default"])
def checkpoint_sequential_warns_as_well(torch, x: smooth(shape=(2,)), segments: st.integers(2, 3)):
    """checkpoint_sequential warns without use_reentrant, and refuses keywords and too many segments."""
    functions = [lambda a: a.sin(), lambda a: a.cos()]
    torch.utils.checkpoint.checkpoint_sequential(functions, segments, x.requires_grad_())
    torch.utils.checkpoint.checkpoint_sequential(functions, 2, x, use_reentrant=True, scale=segments)
    torch.utils.checkpoint.checkpoint_sequential(functions, 2, x, use_reentrant=False, preserve_rng_state=False)


@case(requires=["checkpoint", "grad"], covers=["ck.nonreentrant"])
def backwards_of_a_group_recompute_once(torch, x: smooth(shape=(2,)), y: smooth(shape=(2,))):
    """Within a GraphExecGroup a checkpoint is recomputed once for backwards of its different parts."""
    group = torch.utils.checkpoint.GraphExecGroup()
    first, second = torch.utils.checkpoint.checkpoint(
        lambda a, b: (a.sin(), b.exp()), x.requires_grad_(), y.requires_grad_(), use_reentrant=False
    )
    with group:
        torch.autograd.grad(first.sum(), x, retain_graph=True)
        torch.autograd.grad(second.sum(), y, retain_graph=True)
        torch.autograd.grad(second.sum(), y, retain_graph=True)
        torch.utils.checkpoint.GraphExecGroup().__enter__()
    torch.autograd.grad(second.sum(), y)


@case(requires=["checkpoint"], covers=["ck.reentrant"])
def arguments_are_detached_as_a_tuple(torch, x: floats(shape=(2,)), n: st.integers(0, 3), leaf: CHOICES):
    """detach_variable detaches the tensors of a tuple, and refuses other containers."""
    torch.utils.checkpoint.detach_variable((x.requires_grad_(leaf) * 2, n, None))
    torch.utils.checkpoint.detach_variable([x])
    torch.utils.checkpoint.check_backward_validity((x.detach(), n))
    torch.utils.checkpoint.check_backward_validity([x])


# -------------------------------------------------------------------------------------------------------------- mismatch


@case(requires=["checkpoint"], covers=["ck.mismatch"])
def recomputation_of_other_shapes_is_found(
    torch, builtins, x: smooth(shape=(3,)), check: st.sampled_from(["default", "none"])
):
    """Saved tensors that come back with another shape are an error, unless determinism_check is "none"."""
    sizes = builtins.iter([3, 1])

    def function(a):
        return a[: builtins.next(sizes)].sin()

    y = torch.utils.checkpoint.checkpoint(function, x.requires_grad_(), use_reentrant=False, determinism_check=check)
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.mismatch"])
def recomputation_of_other_types_is_found(torch, builtins, x: smooth(dtype="float32", shape=(3,))):
    """Saved tensors that come back with another dtype are an error."""
    kinds = builtins.iter([torch.float32, torch.float64])

    def function(a):
        return a.to(builtins.next(kinds)).sin().exp()

    y = torch.utils.checkpoint.checkpoint(function, x.requires_grad_(), use_reentrant=False)
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.mismatch"])
def recomputation_of_fewer_tensors_is_found(torch, builtins, x: smooth(shape=(2,)), early: CHOICES):
    """A recomputation that saves fewer tensors than the forward is an error."""
    functions = builtins.iter([lambda a: a.sin().exp(), lambda a: a * 2])
    y = torch.utils.checkpoint.checkpoint(
        lambda a: builtins.next(functions)(a), x.requires_grad_(), use_reentrant=False, early_stop=early
    )
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.mismatch"])
def recomputation_of_more_tensors_is_found(torch, builtins, x: smooth(shape=(2,)), early: CHOICES):
    """A recomputation that saves more tensors is an error, which stopping early hides."""
    functions = builtins.iter([lambda a: a.sin(), lambda a: a.sin().exp()])
    y = torch.utils.checkpoint.checkpoint(
        lambda a: builtins.next(functions)(a), x.requires_grad_(), use_reentrant=False, early_stop=early
    )
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.mismatch"])
def determinism_checks_have_names(torch, x: floats(shape=(2,)), name: st.sampled_from(["some", "", "off"])):
    """determinism_check is "default" or "none"."""
    torch.utils.checkpoint.checkpoint(
        lambda a: a.sin(), x.requires_grad_(), use_reentrant=False, determinism_check=name
    )
    torch.utils.checkpoint.checkpoint(lambda a: a.sin(), x, use_reentrant=True, determinism_check=name)


@case(requires=["checkpoint"], covers=["ck.mismatch", "ck.nonreentrant"])
def saved_tensors_are_unpacked_once(torch, x: smooth(shape=(2,))):
    """A backward that reads its saved tensors twice finds the second time that they were given away."""

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            (b,) = ctx.saved_tensors
            return grad * 2 + (a - b)

    y = torch.utils.checkpoint.checkpoint(lambda a: Twice.apply(a.sin()), x.requires_grad_(), use_reentrant=False)
    y.sum().backward()


@case(requires=["checkpoint"], covers=["ck.mismatch"])
def debug_mode_changes_nothing_that_is_right(
    torch, x: smooth(shape=(2,)), debug: CHOICES, mode: st.sampled_from([True, None])
):
    """With debug, or within set_checkpoint_debug_enabled, a recomputation that matches is as ever."""
    with torch.utils.checkpoint.set_checkpoint_debug_enabled(mode):
        y = torch.utils.checkpoint.checkpoint(lambda a: a.sin(), x.requires_grad_(), use_reentrant=False, debug=debug)
        torch.utils.checkpoint.checkpoint(
            lambda a: a.sin(), x, use_reentrant=False, debug=True, context_fn=lambda: (torch.no_grad(), torch.no_grad())
        )
    y.sum().backward()


# ---------------------------------------------------------------------------------------------------------- random state


@case(requires=["checkpoint", "random"], covers=["ck.rng"])
def random_numbers_are_drawn_again(torch, x: smooth(shape=(4,)), variant: CHOICES, preserve: CHOICES):
    """The recomputation draws what the forward drew, and leaves the generator alone."""
    x.requires_grad_()
    torch.manual_seed(1)
    y = torch.utils.checkpoint.checkpoint(
        lambda a: (a * torch.rand(4)).exp(), x, use_reentrant=variant, preserve_rng_state=preserve
    )
    torch.rand(2)
    y.sum().backward()
    torch.rand(2)


@case(requires=["checkpoint", "random"], covers=["ck.rng"])
def dropout_mask_is_replayed(torch, x: smooth(shape=(8,)), p: st.sampled_from([0.25, 0.5, 0.75]), variant: CHOICES):
    """What dropout drops in forward has no gradient in backward."""
    torch.manual_seed(2)
    y = torch.utils.checkpoint.checkpoint(
        lambda a: a * torch.bernoulli(torch.full((8,), p)) * a, x.requires_grad_(), use_reentrant=variant
    )
    y.sum().backward()
    y != 0
    x.grad != 0


@case(requires=["checkpoint"], covers=["ck.nonreentrant"])
def argument_that_was_detached_is_not_computed_from(torch, x: floats(shape=(2,)), leaf: CHOICES, early: CHOICES):
    """An argument with a history that detach_() took away is refused before the function runs again."""
    x.requires_grad_()
    y = x if leaf else x * x
    early = torch.autograd.graph.saved_tensors_hooks(lambda t: t * 1, lambda t: t) if early else torch.enable_grad()
    with early:
        out = torch.utils.checkpoint.checkpoint(lambda a: (a * a).sin(), y, use_reentrant=False)
    y.detach_()
    out.sum().backward()
