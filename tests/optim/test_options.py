"""Options that optimizers refuse, against torch."""

from typing import Any

import pytest

from tests.oracle import same, sample

OPTIONS = {
    "SGD": ["lr", "momentum", "weight_decay"],
    "Adam": ["lr", "eps", "weight_decay"],
    "AdamW": ["lr", "eps", "weight_decay"],
    "Adagrad": ["lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"],
    "RMSprop": ["lr", "eps", "momentum", "weight_decay", "alpha"],
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(name: str) -> None:
    def f(torch: Any, x: Any, **options: Any) -> Any:
        made = getattr(torch.optim, name)([x], **options)
        return sorted(made.param_groups[0])

    for option in OPTIONS[name]:
        for value in (-1, -0.5, 0, float("nan"), float("-inf")):
            same(lambda torch, x: f(torch, x, **{option: value}), sample(2))
        others = dict.fromkeys(OPTIONS[name], -1.0)
        same(lambda torch, x: f(torch, x, **{**others, option: 0.5}), sample(2))
    same(lambda torch, x: f(torch, x, lr=torch.ones(2)), sample(2))
    same(lambda torch, x: f(torch, x, lr=torch.ones(1)), sample(2))
