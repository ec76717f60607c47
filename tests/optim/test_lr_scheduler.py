"""Schedules of learning rates against PyTorch's: equal to the last bit."""

import copy
import inspect
import math

import pytest
import torch

import minitorch_np
from tests.optim.rates import exactly, optimizer_of
from tests.oracle import same


def halving(S, optimizer):
    """A schedule of one's own, derived as older programs do."""

    class Halving(S._LRScheduler):
        def get_lr(self):
            return [rate / 2**self.last_epoch for rate in self.base_lrs]

    assert isinstance(S.StepLR, type) and not issubclass(S.StepLR, S._LRScheduler)
    return Halving(optimizer)


SCHEDULES = {
    "of one's own": halving,
    "step": lambda S, o: S.StepLR(o, 3, gamma=0.3),
    "multistep": lambda S, o: S.MultiStepLR(o, [2, 2, 5, 9], gamma=0.3),
    "constant": lambda S, o: S.ConstantLR(o, factor=0.3, total_iters=4),
    "linear": lambda S, o: S.LinearLR(o, 0.2, 0.7, total_iters=6),
    "exponential": lambda S, o: S.ExponentialLR(o, 0.9),
    "polynomial": lambda S, o: S.PolynomialLR(o, 7, power=1.7),
    "cosine": lambda S, o: S.CosineAnnealingLR(o, 5, eta_min=0.01),
    "lambda": lambda S, o: S.LambdaLR(o, [lambda e: 0.9**e, lambda e: 1 / (e + 1)]),
    "lambda of all": lambda S, o: S.LambdaLR(o, lambda e: 0.9**e),
    "multiplicative": lambda S, o: S.MultiplicativeLR(o, lambda e: 0.95),
    "one cycle": lambda S, o: S.OneCycleLR(o, 0.5, total_steps=16),
    "one cycle of epochs": lambda S, o: S.OneCycleLR(
        o, [0.5, 0.6], epochs=4, steps_per_epoch=4, anneal_strategy="linear", three_phase=True
    ),
    "one cycle, no momentum": lambda S, o: S.OneCycleLR(
        o, 0.5, total_steps=16, cycle_momentum=False, pct_start=0.1
    ),
    "sequential": lambda S, o: S.SequentialLR(
        o, [S.ConstantLR(o, 0.1), S.ExponentialLR(o, 0.9), S.StepLR(o, 2)], [4, 9]
    ),
    "warm restarts": lambda S, o: S.CosineAnnealingWarmRestarts(o, 3, eta_min=0.01),
    "rarer restarts": lambda S, o: S.CosineAnnealingWarmRestarts(o, 2, T_mult=2),
    "cyclic": lambda S, o: S.CyclicLR(o, 0.01, [0.5, 0.3], 3),
    "cyclic, halved": lambda S, o: S.CyclicLR(
        o, [0.01, 0.02], 0.5, 3, 2, mode="triangular2", base_momentum=[0.7, 0.75], max_momentum=0.99
    ),
    "cyclic, decaying": lambda S, o: S.CyclicLR(o, 0.01, 0.5, 2, 5, mode="exp_range", gamma=0.93),
    "cyclic, scaled": lambda S, o: S.CyclicLR(
        o, 0.01, 0.5, 3, mode="x", scale_fn=lambda cycle: 1 / cycle
    ),
    "cyclic, scaled by step": lambda S, o: S.CyclicLR(
        o, 0.01, 0.5, 3, scale_fn=lambda n: 0.9**n, scale_mode="iterations", cycle_momentum=False
    ),
    "chained": lambda S, o: S.ChainedScheduler([S.ConstantLR(o, 0.1), S.ExponentialLR(o, 0.9)]),
    "chained cycles": lambda S, o: S.ChainedScheduler(
        (S.CyclicLR(o, 0.1, 0.5, 4), S.StepLR(o, 2), S.LinearLR(o)), o
    ),
    "chained in sequence": lambda S, o: S.SequentialLR(
        o,
        [
            S.ChainedScheduler([S.CosineAnnealingLR(o, 5), S.StepLR(o, 2, 0.5)]),
            S.CosineAnnealingWarmRestarts(o, 2),
            S.CyclicLR(o, 0.1, 0.2, 2),
        ],
        [3, 8],
    ),
}
STEPS = 15


def plain_state(state):
    """The state, and those of nested schedules, without functions."""
    plain = {k: v for k, v in state.items() if not callable(v)}
    if "_schedulers" in state:
        plain["_schedulers"] = [plain_state(each) for each in state["_schedulers"]]
    return plain


def ran(make, steps=STEPS, **options):
    def f(torch):
        optimizer = optimizer_of(torch, **options)
        scheduler = make(torch.optim.lr_scheduler, optimizer)
        seen = [list(scheduler.get_last_lr())]
        for _ in range(steps):
            optimizer.step()
            scheduler.step()
            groups = [{k: v for k, v in g.items() if k != "params"} for g in optimizer.param_groups]
            seen.append((list(scheduler.get_last_lr()), groups))
        state = scheduler.state_dict()
        return seen, list(state), plain_state(state)

    return f


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW", "RMSprop"])
def test_same_as_torch(name, optimizer):
    exactly(ran(SCHEDULES[name], name=optimizer))


@pytest.mark.parametrize(
    "name",
    [
        "step",
        "linear",
        "cosine",
        "exponential",
        "warm restarts",
        "cyclic, halved",
        "chained cycles",
    ],
)
def test_rates_that_are_tensors(name):
    same(ran(SCHEDULES[name], tensor=True))


@pytest.mark.parametrize("name", SCHEDULES)
def test_resumed(name):
    def f(torch):
        def train(optimizer, scheduler, n):
            rates = []
            for _ in range(n):
                optimizer.step()
                scheduler.step()
                rates.append(list(scheduler.get_last_lr()))
            return rates

        module = torch.optim.lr_scheduler
        one = optimizer_of(torch)
        first = SCHEDULES[name](module, one)
        train(one, first, 5)
        other = optimizer_of(torch)
        second = SCHEDULES[name](module, other)
        second.load_state_dict(first.state_dict())
        other.load_state_dict(one.state_dict())
        return train(other, second, 6), train(one, first, 6)

    exactly(f)


@pytest.mark.parametrize("name", ["step", "multistep", "linear", "exponential", "cosine",
                                  "constant", "polynomial", "lambda", "cyclic, halved",
                                  "cyclic, scaled by step", "rarer restarts"])  # fmt: skip
def test_epoch_given(name):
    def f(torch):
        optimizer = optimizer_of(torch)
        scheduler = SCHEDULES[name](torch.optim.lr_scheduler, optimizer)
        optimizer.step()
        scheduler.step(4)
        rates = list(scheduler.get_last_lr())
        scheduler.step()
        return rates, list(scheduler.get_last_lr()), scheduler.last_epoch

    exactly(f)


@pytest.mark.parametrize("name", ["step", "cosine", "linear", "exponential", "restarts", "cyclic"])
def test_resumed_by_epoch(name):
    makes = {
        "step": lambda S, o: S.StepLR(o, 3, last_epoch=4),
        "cosine": lambda S, o: S.CosineAnnealingLR(o, 5, last_epoch=4),
        "linear": lambda S, o: S.LinearLR(o, last_epoch=2),
        "exponential": lambda S, o: S.ExponentialLR(o, 0.9, last_epoch=4),
        "restarts": lambda S, o: S.CosineAnnealingWarmRestarts(o, 3, 2, last_epoch=4),
        "cyclic": lambda S, o: S.CyclicLR(o, 0.2, 0.7, 3, last_epoch=4),
    }

    def f(torch):
        optimizer = optimizer_of(torch)
        for group in optimizer.param_groups:
            group["initial_lr"] = 0.5
        scheduler = makes[name](torch.optim.lr_scheduler, optimizer)
        rates = [list(scheduler.get_last_lr())]
        for _ in range(3):
            optimizer.step()
            scheduler.step()
            rates.append(list(scheduler.get_last_lr()))
        return rates

    exactly(f)


@pytest.mark.parametrize(
    "f",
    [
        lambda S, o: S.StepLR(3, 4),
        lambda S, o: S.StepLR(o, 3, last_epoch=2),
        lambda S, o: S.StepLR(o, 3).get_lr(),
        lambda S, o: [s.step() for s in [S.StepLR(o, 3)] for _ in range(2)],
        lambda S, o: S.ConstantLR(o, 2.0),
        lambda S, o: S.LinearLR(o, 0.0),
        lambda S, o: S.LinearLR(o, 0.5, 2.0),
        lambda S, o: S.LambdaLR(o, [lambda e: 1]),
        lambda S, o: S.OneCycleLR(o, 0.1),
        lambda S, o: S.OneCycleLR(3, 0.1),
        lambda S, o: S.OneCycleLR(o, 0.1, total_steps=0),
        lambda S, o: S.OneCycleLR(o, 0.1, epochs=0, steps_per_epoch=3),
        lambda S, o: S.OneCycleLR(o, 0.1, epochs=3, steps_per_epoch=-1),
        lambda S, o: S.OneCycleLR(o, 0.1, total_steps=5, pct_start=2.0),
        lambda S, o: S.OneCycleLR(o, 0.1, total_steps=5, anneal_strategy="x"),
        lambda S, o: S.OneCycleLR(o, [0.1], total_steps=5),
        lambda S, o: [o.step() or s.step() for s in [S.OneCycleLR(o, 0.1, 2)] for _ in range(4)],
        lambda S, o: S.SequentialLR(o, [], []),
        lambda S, o: S.SequentialLR(o, [S.StepLR(o, 3)], [3]),
        lambda S, o: S.SequentialLR(o, [3], []),
        lambda S, o: S.SequentialLR(o, [S.ReduceLROnPlateau(o)], []),
        lambda S, o: S.SequentialLR(o, [S.StepLR(o, 3)], []).step(1),
        lambda S, o: S.ReduceLROnPlateau(o, factor=1.0),
        lambda S, o: S.ReduceLROnPlateau(3),
        lambda S, o: S.ReduceLROnPlateau(o, mode="x"),
        lambda S, o: S.ReduceLROnPlateau(o, threshold_mode="x"),
        lambda S, o: S.ReduceLROnPlateau(o, min_lr=[0.1]),
        lambda S, o: S.LRScheduler(o),
        lambda S, o: setattr(o, "step", lambda: None) or S.StepLR(o, 3).step(),
    ],
)
def test_errors_and_warnings(f):
    same(lambda torch: f(torch.optim.lr_scheduler, optimizer_of(torch)))


@pytest.mark.parametrize(
    "f",
    [
        lambda S, o: S.OneCycleLR(o, 0.1, total_steps=4),
        lambda S, o: S.CyclicLR(o, 0.1, 0.2),
        lambda S, o: S.CyclicLR(o, 0.1, 0.2, cycle_momentum=False).get_last_lr(),
    ],
)
def test_cycles_of_momentum_need_one(f):
    def g(torch):
        optimizer = torch.optim.Adagrad([torch.nn.Parameter(torch.ones(1))])
        return f(torch.optim.lr_scheduler, optimizer)

    same(g)


@pytest.mark.parametrize("name", ["CosineAnnealingWarmRestarts", "CyclicLR", "ChainedScheduler"])
def test_signatures(name):
    def f(torch):
        kind = getattr(torch.optim.lr_scheduler, name)
        methods = [kind, kind.step, kind.get_lr, kind.state_dict, kind.load_state_dict]
        parameters = [inspect.signature(m).parameters.values() for m in methods]
        return [[(p.name, str(p.kind), repr(p.default)) for p in ps] for ps in parameters]

    same(f)


# a chain that begins a sequence steps anew when the sequence is made, before the optimizer has
@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step\\(\\)` before")
@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("optimizer", ["SGD", "AdamW"])
@pytest.mark.parametrize("from_torch", [True, False])
def test_states_cross(name, optimizer, from_torch):
    libraries = [torch, minitorch_np]
    writer, reader = libraries if from_torch else libraries[::-1]

    def train(optimizer, scheduler, n):
        seen = []
        for _ in range(n):
            optimizer.step()
            scheduler.step()
            for group in optimizer.param_groups:
                momentum = [group["momentum"]] if "momentum" in group else [*group["betas"]]
                seen.append([x.hex() for x in [group["lr"], *momentum]])
        return seen

    one, other = optimizer_of(writer, optimizer), optimizer_of(reader, optimizer)
    first = SCHEDULES[name](writer.optim.lr_scheduler, one)
    second = SCHEDULES[name](reader.optim.lr_scheduler, other)
    train(one, first, 5)
    train(other, second, 2)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    other.load_state_dict(copy.deepcopy(one.state_dict()))
    assert list(second.state_dict()) == list(first.state_dict())
    assert plain_state(second.state_dict()) == plain_state(first.state_dict())
    assert train(other, second, 9) == train(one, first, 9)


def test_lambda_objects_keep_their_state():
    def f(torch):
        class Decay:
            def __init__(self, rate):
                self.rate = rate

            def __call__(self, epoch):
                return self.rate**epoch

        S = torch.optim.lr_scheduler
        one = S.LambdaLR(optimizer_of(torch), [Decay(0.5), lambda e: 1.0])
        other = S.LambdaLR(optimizer_of(torch), [Decay(0.1), lambda e: 1.0])
        other.load_state_dict(one.state_dict())
        return one.state_dict(), other.lr_lambdas[0].rate

    same(f)


METRICS = [1.0, 0.9, 0.9, 0.95, 0.91, 0.89, 0.9, 0.9, 0.9, 0.9, 0.5, 0.6, 0.6, 0.6, math.nan, 0.6]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mode": "max"},
        {"threshold_mode": "abs", "threshold": 0.02},
        {"mode": "max", "threshold_mode": "abs", "threshold": 0.02},
        {"cooldown": 2},
        {"min_lr": 0.05},
        {"min_lr": [0.05, 0.2]},
        {"eps": 0.2},
    ],
)
def test_plateau(options):
    def f(torch):
        optimizer = optimizer_of(torch)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=0.5, patience=1, **options
        )
        seen = []
        for metric in METRICS:
            optimizer.step()
            scheduler.step(torch.tensor(metric))
            seen.append((list(scheduler.get_last_lr()), scheduler.in_cooldown))
        return seen, scheduler.state_dict()

    exactly(f)


@pytest.mark.parametrize("least", [0.01, [0.01, 0.02]])
def test_plateau_with_a_group_added(least):
    def f(torch):
        optimizer = optimizer_of(torch)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=least)
        optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))]})
        for _ in range(3):
            scheduler.step(1.0)
        return scheduler.get_last_lr()

    same(f)
