"""Gradient clipping against PyTorch's."""

import pytest

from tests.oracle import same, sample


def clipped(clip):
    """The gradients of a small net, scaled up, after `clip`."""

    def f(torch, x):
        torch.manual_seed(0)
        module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
        module[0].bias.requires_grad_(False)
        (module(x) * 10).backward(torch.ones(5, 2))
        result = clip(torch.nn.utils, module)
        return result, [p.grad for p in module.parameters() if p.grad is not None]

    return f


@pytest.mark.parametrize(
    "clip",
    [
        *[
            lambda u, m, norm=norm: u.clip_grad_norm_(m.parameters(), 1.0, norm_type=norm)
            for norm in (2, 1, 3.5, float("inf"), 0, float("-inf"))
        ],
        lambda u, m: u.clip_grad_norm_(m.parameters(), 1e6),
        lambda u, m: u.clip_grad_norm_(m[0].weight, 0.5),
        lambda u, m: u.clip_grad_norm_([m[0].bias], 0.5),
        lambda u, m: u.clip_grad_norm_(iter([]), 0.5),
        lambda u, m: u.clip_grad_norm_((p for p in []), 0.5),
        lambda u, m: u.clip_grad_norm_(m.parameters(), 1.0, foreach=True),
        lambda u, m: u.clip_grad_norm_(m.parameters(), 1.0, foreach=False),
        lambda u, m: u.clip_grad_value_(m.parameters(), 0.5),
        lambda u, m: u.clip_grad_value_(m[0].weight, 0.5),
        lambda u, m: u.clip_grad_value_([], 0.5),
        lambda u, m: u.clip_grad_value_(m[0].weight.detach(), 0.5),
        lambda u, m: u.get_total_norm([p.grad for p in m.parameters() if p.grad is not None]),
        lambda u, m: u.get_total_norm([]),
        lambda u, m: u.clip_grads_with_norm_(m.parameters(), 1.0, m[0].weight.grad.norm()),
        lambda u, m: (
            m[0].weight.grad.fill_(float("nan")) is None
            or u.clip_grad_norm_(m.parameters(), 1.0, error_if_nonfinite=True)
        ),
        lambda u, m: (
            m[0].weight.grad.fill_(float("inf")) is None or u.clip_grad_norm_(m.parameters(), 1.0)
        ),
    ],
)
def test_same_as_torch(clip):
    same(clipped(clip), sample(5, 3, grad=False))
