"""CyclicLR against PyTorch's: scales, states, tensors; test_lr_scheduler.py compares its rates."""

import math
import pickle

import pytest

from tests.optim.rates import exactly, optimizer_of
from tests.oracle import same


@pytest.mark.parametrize(
    "f",
    [
        lambda S, o: S.CyclicLR(3, 0.1, 0.2),
        lambda S, o: S.CyclicLR(o, [0.1], 0.2),
        lambda S, o: S.CyclicLR(o, 0.1, [0.2]),
        lambda S, o: S.CyclicLR(o, 0.1, 0.2, mode="x"),
        lambda S, o: S.CyclicLR(o, 0.1, 0.2, base_momentum=[0.1], max_momentum=[0.2]),
        lambda S, o: S.CyclicLR(o, 0.1, 0.2, max_momentum=(0.1, 0.2, 0.3)),
        lambda S, o: S.CyclicLR(o, 0.1, 0.2, 0, 0),
        lambda S, o: S.CyclicLR(o, 0.1, 0.2, 0, 3),
        lambda S, o: S.CyclicLR(o, 0.1, 0.2, "many"),
        lambda S, o: S.CyclicLR(o, 0.1, 0.2, last_epoch=2),
        lambda S, o: S.CyclicLR(o, 0.1, 0.2).get_lr(),
        lambda S, o: [s.step() for s in [S.CyclicLR(o, 0.1, 0.2)] for _ in range(3)],
        lambda S, o: S.CyclicLR(o, 0.1, 0.2, scale_fn=math.sqrt).state_dict(),
        lambda S, o: S.CyclicLR(o, 0.1, 0.2).load_state_dict({}),
        lambda S, o: S.CyclicLR(o, 0.1, 0.2).load_state_dict({"_scale_fn_custom": {"a": 1}}),
    ],
)
def test_errors_and_warnings(f):
    same(lambda torch: f(torch.optim.lr_scheduler, optimizer_of(torch)))


def test_scale_objects_keep_their_state():
    def f(torch):
        class Decay:
            def __init__(self, rate):
                self.rate = rate

            def __call__(self, cycle):
                return self.rate**cycle

        S = torch.optim.lr_scheduler
        one = S.CyclicLR(optimizer_of(torch), 0.1, 0.5, 2, scale_fn=Decay(0.5))
        other = S.CyclicLR(optimizer_of(torch), 0.1, 0.5, 2, scale_fn=Decay(0.1))
        state = one.state_dict()
        other.load_state_dict(state)
        scales = [other.scale_fn(2), one.scale_fn(2), other._scale_fn_custom.rate]
        return one.state_dict(), scales, list(state)

    exactly(f)


def test_a_cyclic_state_is_loaded_once():
    def f(torch):
        scheduler = torch.optim.lr_scheduler.CyclicLR(optimizer_of(torch), 0.1, 0.5)
        state = scheduler.state_dict()
        scheduler.load_state_dict(state)
        scheduler.load_state_dict(state)

    same(f)


def test_a_loaded_mode_is_followed():
    def f(torch):
        S = torch.optim.lr_scheduler
        one = S.CyclicLR(optimizer_of(torch), 0.1, 0.5, 2, mode="exp_range", gamma=0.9)
        other = S.CyclicLR(optimizer_of(torch), 0.1, 0.5, 3)
        other.load_state_dict(pickle.loads(pickle.dumps(one.state_dict())))
        scales = [other.scale_fn(3), other.scale_mode]
        other.gamma, other.mode = 0.5, "triangular"  # what was chosen stays
        return scales, other.scale_fn(3)

    exactly(f)


@pytest.mark.parametrize("momentum", [True, False])
def test_cyclic_with_a_group_added(momentum):
    def f(torch):
        optimizer = optimizer_of(torch)
        S = torch.optim.lr_scheduler
        scheduler = S.CyclicLR(optimizer, 0.1, 0.5, 2, cycle_momentum=momentum)
        optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))]})
        optimizer.step()
        scheduler.step()

    same(f)


def test_cyclic_sets_rates_before_it_looks_at_the_largest():
    def f(torch):
        optimizer = optimizer_of(torch)
        with pytest.raises(ValueError, match="max_lr must have the same length"):
            torch.optim.lr_scheduler.CyclicLR(optimizer, [0.3, 0.4], [0.5])
        return [group["lr"] for group in optimizer.param_groups]

    same(f)


def test_a_resumed_one_leaves_groups_as_they_are():
    def f(torch):
        optimizer = optimizer_of(torch)
        with pytest.raises(KeyError, match="initial_lr"):
            torch.optim.lr_scheduler.CyclicLR(optimizer, 0.3, 0.5, last_epoch=2)
        for group in optimizer.param_groups:
            group["initial_lr"] = 0.7
        rates = [group["lr"] for group in optimizer.param_groups]
        torch.optim.lr_scheduler.CyclicLR(optimizer, 0.3, 0.5, 5, last_epoch=2)
        groups = [{k: v for k, v in g.items() if k != "params"} for g in optimizer.param_groups]
        return rates, groups

    exactly(f)


def test_beta1_where_there_is_momentum_too():
    def f(torch):
        optimizer = optimizer_of(torch)
        optimizer.defaults["betas"] = (0.5, 0.6)
        for group in optimizer.param_groups:
            group["betas"] = (0.5, 0.6)
        torch.optim.lr_scheduler.CyclicLR(optimizer, 0.3, 0.5)
        return [(group["betas"], group["momentum"]) for group in optimizer.param_groups]

    exactly(f)


@pytest.mark.parametrize("tensor", [True, False])
def test_cyclic_between_tensors(tensor):
    def f(torch):
        optimizer = optimizer_of(torch, tensor=tensor)
        ends = torch.tensor(0.25), [torch.tensor(0.5), torch.tensor(0.75)]
        scheduler = torch.optim.lr_scheduler.CyclicLR(optimizer, *ends, 2)
        seen = []
        for _ in range(5):
            optimizer.step()
            scheduler.step()
            seen.append([lr.clone() for lr in scheduler.get_last_lr()])
        return seen, scheduler.base_lrs, ends

    same(f, exact=True)
