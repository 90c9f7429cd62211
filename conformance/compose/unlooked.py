"""Programs at which nobody looks until they are over: the cases of the catalogue, and second derivatives.

After each step of a program its tensors are looked at, with their nodes. A subject that makes its nodes when somebody looks,
or adds to a sum in place while nobody has it, does so in hardly any program then: of the 69 operators of numtorch whose nodes
are records 60 never ran one, in 19,830 programs. A user looks at few of the tensors of a graph, and rarely at a node.

So each case has a twin whose programs are looked at after the last step alone. What they raise and return is told all the same.
"""

from hypothesis.strategies import SearchStrategy
from msgspec.structs import replace

from conformance.case import Case
from conformance.cases import catalogue
from conformance.compose import derivatives
from conformance.program import Program

TWICE = "twice"
"""The way to differentiate that leads through nodes of gradients. Of the first one the way ``summed`` has such programs."""


class Twin(Case):
    """The same case, looked at when it is over."""

    def __init__(self, case: Case) -> None:
        self.__dict__.update(vars(case))
        self.case = case
        self.module, self.feature = __name__, __name__.rpartition(".")[2]
        self.name = f"{case.feature}_{case.name}"
        self.id = f"{self.feature}/{self.name}"

    @property
    def source(self) -> str:
        return self.case.source

    def programs(self) -> SearchStrategy[Program]:
        return self.case.programs().map(lambda program: replace(program, observe="last"))


def every() -> list[Case]:
    """The cases that are looked at after each step."""
    cases = [one for one in vars(derivatives).values() if isinstance(one, Case)]
    some = [case for case in cases if case.name.rpartition("_")[2] == TWICE]
    return [case for case in (*catalogue().values(), *some) if case.observe == "every"]


globals().update({one.name: one for one in map(Twin, every())})
