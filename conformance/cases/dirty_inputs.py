"""Inputs that a Function writes to: mark_dirty, and what happens without it."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, same_shape


@case(lecture="custom_function", requires=["custom_function", "in_place"], covers=["fn.mark_dirty"])
def dirty_leaf_is_refused(torch, x: floats()):
    """A leaf that requires grad cannot be dirty, although the write has happened; under no_grad it can."""

    class Add(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            a.add_(1)
            ctx.mark_dirty(a)
            return a

        @staticmethod
        def backward(ctx, grad):
            return grad

    Add.apply(x.requires_grad_())
    with torch.no_grad():
        Add.apply(x)
    Add.apply(torch.ones(2))


@case(lecture="custom_function", requires=["custom_function", "in_place"], covers=["fn.mark_dirty"])
def dirty_input_keeps_its_hooks_apart(torch, x: floats(), g: lambda x: cotangent(x)):
    """A dirty input loses its grad; its hooks stay with the old value, retain_grad goes on."""

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            a.mul_(2)
            ctx.mark_dirty(a)
            return a

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    y = x.requires_grad_() * 1

    def hook(grad):
        return grad * 3

    y.retain_grad()
    y.register_hook(hook)
    y.backward(g, retain_graph=True)
    z = Double.apply(y)
    y.grad
    z.backward(g)
    y.grad


@case(lecture="custom_function", requires=["custom_function", "in_place"], covers=["fn.mark_dirty", "fn.dup_outputs"])
def dirty_input_may_be_returned_with_more(torch, xy: same_shape(2), g: lambda xy: cotangent(xy[0])):
    """A dirty input that does not require grad does so afterwards, if another input does."""
    x, y = xy

    class AddInto(torch.autograd.Function):
        @staticmethod
        def forward(ctx, target, other):
            target.add_(other)
            ctx.mark_dirty(target)
            return target, other * 2

        @staticmethod
        def backward(ctx, of_target, of_twice):
            return of_target, of_target + 2 * of_twice

    _target, twice = AddInto.apply(x, y.requires_grad_())
    torch.autograd.grad((x, twice), y, (g, g))


@case(lecture="custom_function", requires=["custom_function", "in_place"], covers=["fn.mark_dirty_forgotten"])
def write_that_is_not_marked_is_a_returned_input(torch, x: floats(), g: lambda x: cotangent(x)):
    """An input written to without mark_dirty comes back as a view, and itself keeps its old grad_fn."""

    class Add(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            a.add_(1)
            return a

        @staticmethod
        def backward(ctx, grad):
            return grad * 3

    y = x.requires_grad_() * 2
    z = Add.apply(y)
    y.grad_fn
    z._base
    z.backward(g, retain_graph=True)
    y.backward(g)
    Add.apply(x)


@case(lecture="custom_function", requires=["custom_function", "in_place"], covers=["fn.mark_dirty_not_returned"])
def dirty_input_must_be_returned(torch, x: floats()):
    """A dirty input that forward does not return makes apply raise, whether anything is tracked or not."""

    class Lost(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            a.add_(1)
            ctx.mark_dirty(a)
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad

    y = x.requires_grad_() * 2
    Lost.apply(y)
    y.grad_fn
    Lost.apply(torch.ones(2))
    with torch.no_grad():
        Lost.apply(y)


@case(lecture="custom_function", requires=["custom_function", "in_place"], covers=["fn.mark_dirty"])
def only_inputs_are_dirty(torch, x: floats(), what: st.sampled_from(["text", 3])):
    """Marking a result as dirty warns, and counts as a write; marking what is no tensor raises."""

    class Result(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            result = a * 2
            ctx.mark_dirty(result)
            return result

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.mark_dirty(what)
            return a * 2

    Result.apply(x.requires_grad_()).sum().backward()
    Wrong.apply(x)


@case(lecture="custom_function", requires=["custom_function", "views"], covers=["fn.mark_dirty_view"])
def dirty_view_rewrites_its_base(torch, x: floats(shape=(3,)), g: cotangent((3,))):
    """A dirty view is written through: its base leads to a CopySlices, and other views see it."""

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            a.mul_(2)
            ctx.mark_dirty(a)
            return a

        @staticmethod
        def backward(ctx, grad):
            return grad * 3

    base = x.requires_grad_() * 1
    view, other = base[:2], base[1:]
    returned = Double.apply(view)
    base.grad_fn.next_functions
    view.grad_fn.next_functions
    other.grad_fn
    base.backward(g, retain_graph=True)
    (returned * 2).sum().backward()
    plain = torch.ones(3)
    Double.apply(plain[:2])


@case(lecture="custom_function", requires=["custom_function", "views"], covers=["fn.mark_dirty_view"])
def dirty_view_of_a_plain_base_takes_the_other_gradient(torch, x: floats(shape=(2,)), g: cotangent((3,))):
    """A view of a base without gradient may be dirty: the base then leads to the Function's other inputs."""

    class AddInto(torch.autograd.Function):
        @staticmethod
        def forward(ctx, target, other):
            target.add_(other)
            ctx.mark_dirty(target)
            return target

        @staticmethod
        def backward(ctx, grad):
            return grad, grad * 5

    base = torch.ones(3)
    AddInto.apply(base[:2], x.requires_grad_())
    base.grad_fn.next_functions
    base.backward(g)


@case(lecture="custom_function", requires=["custom_function", "views"], covers=["fn.mark_dirty_view"])
def dirty_view_obeys_the_rules_of_writing(torch, x: floats(shape=(3,))):
    """A view of a leaf, one of several views, and one made under no_grad cannot be dirty."""

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            a.mul_(2)
            ctx.mark_dirty(a)
            return a

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    Double.apply(x.requires_grad_()[:2])
    y = x * 1
    first, _second, _third = y.unbind(0)
    Double.apply(first)
    z = x * 1
    with torch.no_grad():
        part = z[:2]
    Double.apply(part)


@case(lecture="custom_function", requires=["custom_function", "views"], covers=["fn.mark_dirty_view"])
def dirty_view_is_the_only_output(torch, x: floats(shape=(3,))):
    """A Function that writes to a view cannot return anything else."""

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            a.mul_(2)
            ctx.mark_dirty(a)
            return a, 1

        @staticmethod
        def backward(ctx, grad, number):
            return grad * 2

    y = x.requires_grad_() * 1
    Double.apply(y[:2])
    Double.apply(y)[0].sum().backward()


@case(requires=["custom_function", "views", "in_place", "create_graph"], covers=["fn.mark_dirty"])
def own_write_to_a_view_may_send_it_nothing(
    torch, x: floats(shape=(3,)), w: floats(shape=(1,)), more: st.booleans(), tracked: st.booleans()
):
    """A Function that writes to a view and sends it None leaves what was written over without a gradient."""

    class Over(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.mark_dirty(a)
            return a.copy_(b)

        @staticmethod
        def backward(ctx, grad):
            return None, grad * 2

    y = x.requires_grad_(tracked) * 3
    Over.apply(y[1:2], w.requires_grad_() * 2)
    torch.autograd.grad((y * y).sum(), (x, w) if tracked else w, create_graph=more, allow_unused=True)


@case(requires=["backward", "views", "in_place", "detach"])
def write_to_a_part_of_memory_that_begins_later(
    torch, x: floats(shape=(4, 3), values="finite"), w: floats(shape=(3,)), row: st.integers(0, 1), graph: st.booleans()
):
    """A write to a view of what begins later in memory has the gradient of just that view."""
    base = x[1:].detach()
    base[row].mul_(w.requires_grad_())
    base[row + 1].mul_(base[row])
    (g,) = torch.autograd.grad((base * torch.arange(9.0).view(3, 3)).sum(), w, create_graph=graph)
    g.sum()


@case(requires=["custom_function", "in_place", "views", "backward"])
def what_a_write_saved_is_kept_by_who_holds_its_ctx(
    torch, builtins, x: floats(shape=(2, 3), values="finite"), again: st.booleans()
):
    """A pass lets go of the node of a write through a view, and of what that saved if nobody holds it."""
    held = builtins.list()

    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, part, factor):
            ctx.save_for_backward(factor)
            ctx.mark_dirty(part)
            held.append(ctx)
            return part.mul_(factor)

        @staticmethod
        def backward(ctx, grad):
            (factor,) = ctx.saved_tensors
            return grad * factor, None

    y = x.requires_grad_() * 1
    Scale.apply(y[0], torch.full((3,), 2.0, dtype=x.dtype))
    y.sum().backward()
    held[0].saved_tensors
    if again:
        y.sum().backward()


@case(requires=["custom_function", "views", "retain_grad"])
def refused_dirty_view_has_lost_its_gradient(
    torch, x: floats("float32", shape=(2,), values="finite"), of_leaf: st.booleans(), several: st.booleans()
):
    """The gradient of a view that is marked as dirty is gone, though the write be refused for its base."""

    class Dirty(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.mark_dirty(a)
            return (a, a.clone()) if several else a

        @staticmethod
        def backward(ctx, grad, of_copy=None):
            return grad

    base = x.requires_grad_() if of_leaf else x.requires_grad_() * 1
    view = base.view(2, 1)
    view.retain_grad()
    view.sum().backward(retain_graph=True)
    Dirty.apply(view)
    view.grad
