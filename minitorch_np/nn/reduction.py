"""The `reduction` of losses, by name and by number. Source: torch/nn/_reduction.py."""

import warnings

from minitorch_np.flight import depth

__all__ = ["get_enum", "legacy_get_string"]


def get_enum(reduction: str) -> int:
    """ATen's number of a reduction: 0 'none', 1 'mean', 2 'sum'."""
    if reduction == "elementwise_mean":
        warnings.warn(
            "reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.",
            stacklevel=depth(),
        )
        return 1
    numbers = {"none": 0, "mean": 1, "sum": 2}
    if reduction not in numbers:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return numbers[reduction]


def legacy_get_string(size_average: bool | None, reduce: bool | None) -> str:
    """The reduction that the older options `size_average` and `reduce` mean, with a warning."""
    averaged = size_average is None or size_average
    name = ("mean" if averaged else "sum") if reduce is None or reduce else "none"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{name}' instead.",
        stacklevel=depth(),
    )
    return name
