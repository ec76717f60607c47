"""What optimizers check of their options, in torch's order and words."""

from minitorch_np.tensor import Tensor

__all__ = ["check_lr", "check_not_negative"]

_CALLED = {"lr": "learning rate", "eps": "epsilon value"}


def check_lr(lr: float | Tensor) -> None:
    """Raise ValueError for a learning rate that is a tensor of several."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")


def check_not_negative(nan: bool = False, **options: float | Tensor) -> None:
    """Raise ValueError for the first option below 0; for one that is `nan` too, unless allowed."""
    for name, value in options.items():
        if value < 0.0 if nan else not value >= 0.0:
            raise ValueError(f"Invalid {_CALLED.get(name, f'{name} value')}: {value}")
