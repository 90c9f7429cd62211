"""The pages of a report are rendered by several copies of the process, and nothing of that shows."""

import os

import pytest

from conformance.report.sharing import FEWEST, shared

NUMBERS = list(range(5 * FEWEST + 3))


@pytest.mark.parametrize("processes", [1, 2, 3, 50])
def test_the_order_is_that_of_the_items(processes: int) -> None:
    assert shared(str, NUMBERS, processes) == [str(number) for number in NUMBERS]


def test_several_processes_take_part() -> None:
    done_by = shared(lambda _: str(os.getpid()), NUMBERS, 3)
    assert len(set(done_by)) == 3
    assert done_by[0] == str(os.getpid())


def test_few_items_are_not_worth_a_copy() -> None:
    assert set(shared(lambda _: str(os.getpid()), NUMBERS[:FEWEST], 3)) == {str(os.getpid())}


def test_what_a_copy_that_dies_left_is_done_here() -> None:
    here = os.getpid()

    def dies_elsewhere(number: int) -> str:
        if os.getpid() != here and number > FEWEST:
            os._exit(3)
        return str(number)

    assert shared(dies_elsewhere, NUMBERS, 2) == [str(number) for number in NUMBERS]


def test_what_cannot_be_rendered_raises_here() -> None:
    def fails(number: int) -> str:
        if number == FEWEST + 1:
            raise ValueError(number)
        return str(number)

    with pytest.raises(ValueError, match=str(FEWEST + 1)):
        shared(fails, NUMBERS, 2)
