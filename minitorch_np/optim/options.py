"""What optimizers check of their options, in torch's order and words."""

from minitorch_np.tensor import Tensor

__all__ = ["check_betas", "check_lr", "check_not_negative"]

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


def check_betas(betas: tuple[float, float]) -> None:
    """Raise ValueError for the first beta that is not in [0, 1)."""
    for nr, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {nr}: {beta}")
