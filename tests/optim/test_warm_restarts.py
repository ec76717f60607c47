"""CosineAnnealingWarmRestarts against PyTorch's, where it differs from its siblings."""

import math

import pytest

from tests.optim.rates import exactly, optimizer_of
from tests.oracle import same


@pytest.mark.parametrize("first", [1, 2, 3])
@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_warm_restarts_at_any_epoch(first, ratio):
    def f(torch):
        optimizer = optimizer_of(torch)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, first, ratio)
        seen = []
        # 121, 242, 363: the fifth restart if the ratio is 3, but log(243, 3) falls short of 5
        for epoch in [None, 0.5, 2, None, 7.25, 121, 242, 363, 0, 0.0, None, 3, None, None, 1.75]:
            scheduler.step(epoch)
            seen.append((scheduler.get_last_lr(), repr(scheduler.T_cur), scheduler.T_i))
            seen.append(scheduler.last_epoch)
        return seen, scheduler.state_dict()

    exactly(f)


@pytest.mark.parametrize(
    "f",
    [
        lambda S, o: S.CosineAnnealingWarmRestarts(o, 0),
        lambda S, o: S.CosineAnnealingWarmRestarts(o, 1.5),
        lambda S, o: S.CosineAnnealingWarmRestarts(o, "a"),
        lambda S, o: S.CosineAnnealingWarmRestarts(o, 2, 0),
        lambda S, o: S.CosineAnnealingWarmRestarts(o, 2, 1.5),
        lambda S, o: S.CosineAnnealingWarmRestarts(o, 2, eta_min="a"),
        lambda S, o: S.CosineAnnealingWarmRestarts(3, 2),
        lambda S, o: S.CosineAnnealingWarmRestarts(3, 0),
        lambda S, o: S.CosineAnnealingWarmRestarts(o, 2, last_epoch=2),
        lambda S, o: S.CosineAnnealingWarmRestarts(o, 2).step(-1),
        lambda S, o: S.CosineAnnealingWarmRestarts(o, 2).step(math.nan),
        lambda S, o: S.CosineAnnealingWarmRestarts(o, 2).get_lr(),
        lambda S, o: [s.step() for s in [S.CosineAnnealingWarmRestarts(o, 2)] for _ in range(3)],
    ],
)
def test_errors_and_warnings(f):
    same(lambda torch: f(torch.optim.lr_scheduler, optimizer_of(torch)))
