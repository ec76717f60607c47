"""ChainedScheduler's refusals against PyTorch's; test_lr_scheduler.py compares its rates."""

import copy

import pytest

from tests.optim.rates import optimizer_of
from tests.oracle import same


@pytest.mark.parametrize(
    "f",
    [
        lambda S, o: S.ChainedScheduler([]),
        lambda S, o: S.ChainedScheduler([3]),
        lambda S, o: S.ChainedScheduler([S.StepLR(o, 3), 3]),
        lambda S, o: S.ChainedScheduler([S.StepLR(o, 3), S.ReduceLROnPlateau(o)]),
        lambda S, o: S.ChainedScheduler([S.StepLR(o, 3)], copy.copy(o)),
        lambda S, o: S.ChainedScheduler([S.StepLR(o, 3)]).step(2),
        lambda S, o: S.ChainedScheduler([S.StepLR(o, 3)]).get_lr(),
        lambda S, o: S.ChainedScheduler([S.StepLR(o, 3)]).last_epoch,
        lambda S, o: S.ChainedScheduler([S.StepLR(o, 3)]).load_state_dict({}),
        lambda S, o: S.ChainedScheduler([S.StepLR(o, 3)]).load_state_dict(
            {"_schedulers": [{}, {}]}
        ),
        lambda S, o: [
            s.step()
            for s in [
                S.SequentialLR(o, [S.StepLR(o, 3), S.ChainedScheduler([S.StepLR(o, 3)])], [1])
            ]
        ],
    ],
)
def test_errors_and_warnings(f):
    same(lambda torch: f(torch.optim.lr_scheduler, optimizer_of(torch)))
