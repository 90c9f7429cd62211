"""Families that are imported when one of their names is first asked for: nobody can tell, save by the clock.

Each test runs in an interpreter of its own, since whatever was asked for once is there for good.
"""

import subprocess
import sys
import textwrap

import pytest

START = """
import inspect, sys, threading
import numtorch as torch
def imported(family):
    return f"numtorch.functions.{family}" in sys.modules
x = torch.tensor([[4.0, 2.0], [2.0, 3.0]])
assert not imported("decomposition") and not imported("scatter")
"""

PROGRAMS = {
    "every name is shown before it is imported": """
        assert "cholesky" in dir(torch) and "cholesky" in dir(torch.Tensor) and "cholesky" in dir(x)
        assert not imported("decomposition")
        assert hasattr(torch, "cholesky") and not hasattr(torch, "choleski")
        assert imported("decomposition")
    """,
    "a function, a method and a property bring their family": """
        assert torch.cholesky(x).tolist() == x.cholesky().tolist()
        assert imported("decomposition") and not imported("scatter")
        assert x.mH.tolist() == x.tolist() and type(vars(torch.Tensor)["mH"]) is not torch.late.Late
    """,
    "a name is one object from the first look on": """
        assert torch.Tensor.cholesky is torch.Tensor.cholesky is vars(torch.Tensor)["cholesky"]
        assert torch.cholesky is torch.cholesky is vars(torch)["cholesky"]
    """,
    "a signature is that of the function itself": """
        assert list(inspect.signature(torch.Tensor.cholesky).parameters) == ["input", "upper"]
        assert torch.cholesky.__name__ == torch.Tensor.cholesky.__qualname__ == "cholesky"
    """,
    "an override that was defined before answers for what is imported after": """
        class Asked(torch.Tensor):
            seen = []
            @classmethod
            def __torch_function__(cls, func, types, args=(), kwargs=None):
                cls.seen.append(func)
                return super().__torch_function__(func, types, args, kwargs or {})
        y = x.as_subclass(Asked)
        Asked.seen.clear()
        y.cholesky(), torch.cholesky(y)
        assert Asked.seen == [torch.Tensor.cholesky, torch.cholesky]
        assert inspect.signature(torch.scatter) is not None
    """,
    "an attribute of an object of a subclass may have the name": """
        class Named(torch.Tensor):
            pass
        x = torch.tensor([[4.0]]).as_subclass(Named)
        x.cholesky = 5
        assert x.cholesky == 5 and callable(torch.Tensor.cholesky)
        del x.cholesky
        assert callable(x.cholesky)
    """,
    "a property that can only be read stays one": """
        try:
            x.mH = 5
        except AttributeError:
            pass
        else:
            raise AssertionError
    """,
    "threads that ask at once get the same": """
        found, ready = [], threading.Barrier(8)
        def ask():
            ready.wait()
            found.append((torch.cholesky, torch.Tensor.scatter))
        threads = [threading.Thread(target=ask) for _ in range(8)]
        [t.start() for t in threads], [t.join() for t in threads]
        assert len(found) == 8 and len(set(found)) == 1
    """,
    "nothing is late in the end": """
        for name in dir(torch):
            getattr(torch, name)
        for name in dir(torch.Tensor):
            getattr(torch.Tensor, name)
        assert not any(type(value) is torch.late.Late for value in vars(torch.Tensor).values())
        assert not torch.late.names()
    """,
    "an operator of the name of its family is the operator": """
        from numtorch import dispatch
        assert "numtorch.dispatch.scatter" not in sys.modules
        assert dispatch.scatter.__name__ == "scatter" and dispatch.scatter is dispatch.scatter
    """,
    "what autograd has for few programs comes when it is asked for": """
        assert "numtorch.autograd.function" not in sys.modules and "Function" in dir(torch.autograd)
        from numtorch.autograd import Function
        assert torch.autograd.Function is Function is torch.autograd.function.Function
        assert torch.autograd.graph.Node is not None and torch.autograd.Variable is torch.autograd.variable.Variable
    """,
    "a copy and a pickle bring what they are made of": """
        import copy
        assert not imported("copying") and "numtorch.storage" not in sys.modules
        assert copy.deepcopy(x).tolist() == x.tolist() and imported("copying")
    """,
    "the gradient of a gradient imports what its formulas are made of": """
        y = x.clone().requires_grad_()
        (g,) = torch.autograd.grad(y.cholesky().sum(), y, create_graph=True)
        assert g.requires_grad and torch.autograd.grad(g.sum(), y)[0].shape == (2, 2)
    """,
}


@pytest.mark.parametrize("what", PROGRAMS)
def test_late(what: str) -> None:
    program = START + textwrap.dedent(PROGRAMS[what])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("collects", [True, False])
def test_the_garbage_collector_is_left_as_it_was(collects: bool) -> None:
    # Python 3.12 begins with something frozen.
    program = f"import gc\n{'' if collects else 'gc.disable()'}\nbefore = gc.get_freeze_count()\nimport numtorch\n"
    program += f"assert gc.isenabled() is {collects} and gc.get_freeze_count() == before"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_was_frozen_stays_frozen() -> None:
    program = "import gc\ngc.freeze()\nimport numtorch\nassert gc.get_freeze_count()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
