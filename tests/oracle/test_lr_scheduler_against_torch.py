"""Learning rates from epoch to epoch, of PyTorch and of numtorch."""

import warnings

import pytest
import torch

import numtorch

EPOCHS = 12

SCHEDULES = {
    "step": lambda s, o: s.StepLR(o, 3, 0.5),
    "steps": lambda s, o: s.MultiStepLR(o, [2, 5, 5], 0.3),
    "constant": lambda s, o: s.ConstantLR(o, 0.25, 4),
    "linear": lambda s, o: s.LinearLR(o, 0.3, 0.9, 7),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.9),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 4, 0.01),
    "lambda": lambda s, o: s.LambdaLR(o, lambda epoch: 0.9**epoch),
    "lambda of each group": lambda s, o: s.LambdaLR(o, [lambda epoch: 0.9**epoch, lambda epoch: 1 / (1 + epoch)]),
}
WRONG = {
    "no optimizer": lambda s, o: s.StepLR(3, 1),
    "a plateau of none": lambda s, o: s.ReduceLROnPlateau(3),
    "too few functions": lambda s, o: s.LambdaLR(o, [abs]),
    "a factor above one": lambda s, o: s.ConstantLR(o, 2.0),
    "a start of zero": lambda s, o: s.LinearLR(o, 0.0),
    "an end below zero": lambda s, o: s.LinearLR(o, 0.5, -1.0),
    "no way to be better": lambda s, o: s.ReduceLROnPlateau(o, "less"),
    "no such threshold": lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="x"),
    "a plateau that grows": lambda s, o: s.ReduceLROnPlateau(o, factor=1.5),
    "too few least rates": lambda s, o: s.ReduceLROnPlateau(o, min_lr=[0.1]),
    "going on with what never began": lambda s, o: s.StepLR(o, 1, last_epoch=3),
}


def optimizer(module):
    leaves = [module.ones(2, requires_grad=True) for _ in range(2)]
    return module.optim.SGD([{"params": leaves[:1]}, {"params": leaves[1:], "lr": 0.3}], lr=1.0)


def schedules(module):
    return module.optim.lr_scheduler


def told(program, module):
    """What a program answers, or raises, and the warnings of it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer = program(schedules(module), optimizer(module))
        except Exception as error:
            answer = type(error).__name__, str(error)
    return answer, [(warning.category.__name__, str(warning.message)) for warning in caught]


def same(program):
    assert told(program, numtorch) == told(program, torch)


def rates(make):
    def program(s, o):
        schedule = make(s, o)
        seen = [schedule.get_last_lr()]
        for _ in range(EPOCHS):
            o.step()
            schedule.step()
            seen.append([group["lr"] for group in o.param_groups])
        return seen, schedule.last_epoch, schedule.base_lrs

    return program


@pytest.mark.parametrize("name", SCHEDULES)
def test_rates(name):
    same(rates(SCHEDULES[name]))


@pytest.mark.parametrize("name", SCHEDULES)
def test_an_epoch_that_is_asked_for(name):
    def program(s, o):
        schedule = SCHEDULES[name](s, o)
        o.step()
        schedule.step(5)
        return schedule.get_last_lr(), schedule.get_lr()

    same(program)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_goes_on_from_its_state(name):
    def program(s, o):
        first = SCHEDULES[name](s, o)
        for _ in range(4):
            o.step()
            first.step()
        state = first.state_dict()
        second = SCHEDULES[name](s, o)
        second.load_state_dict(state)
        o.step()
        second.step()
        return sorted(state), second.get_last_lr(), second.last_epoch

    same(program)


def test_two_schedules_on_one_optimizer():
    def program(s, o):
        both = s.ExponentialLR(o, 0.9), s.StepLR(o, 2)
        seen = []
        for _ in range(EPOCHS):
            o.step()
            for schedule in both:
                schedule.step()
            seen.append([group["lr"] for group in o.param_groups])
        return seen

    same(program)


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
def test_a_plateau(mode, threshold_mode):
    def program(s, o):
        schedule = s.ReduceLROnPlateau(
            o, mode, 0.5, patience=1, threshold=0.1, threshold_mode=threshold_mode, cooldown=1, min_lr=0.04
        )
        seen = []
        for loss in (1.0, 0.95, 0.94, 0.5, 0.5, 0.5, 0.5, 0.5, 2.0, 2.0, 2.0, 2.1, 2.1):
            o.step()
            schedule.step(loss)
            seen.append((schedule.get_last_lr(), schedule.num_bad_epochs, schedule.in_cooldown, schedule.best))
        return seen

    same(program)


def test_a_step_of_the_schedule_before_one_of_the_optimizer():
    def program(s, o):
        s.StepLR(o, 1).step()

    same(program)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_refused(name):
    same(WRONG[name])
