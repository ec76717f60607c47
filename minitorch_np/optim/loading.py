"""Saved optimizer state made to fit the parameters there are. Source: torch/optim/optimizer.py."""

from collections.abc import Iterable
from typing import Any, cast

from minitorch_np import dtypes
from minitorch_np.nn.state import from_foreign
from minitorch_np.tensor import Tensor

__all__ = ["counts_in_float32", "fitting"]


def counts_in_float32(number: int, groups: list[dict[str, Any]]) -> bool:
    """Whether the group that saved a parameter counts its steps in float32 whatever comes."""
    group = next((g for g in groups if number in g["params"]), dict[str, Any]())
    return bool(group.get("capturable", False) or group.get("fused", False))


def fitting(value: Any, parameter: Tensor, counts: bool, key: str | None = None) -> Any:  # noqa: ANN401
    """Saved state as the state of `parameter`: floating point values in its dtype."""
    tensor = from_foreign(value)
    if tensor is not None:
        if tensor is not value:
            tensor = tensor.clone()  # two engines must not count one step tensor
        if key == "step":
            return tensor.to(dtypes.float32) if counts else tensor
        return tensor.to(parameter.dtype) if parameter.is_floating_point() else tensor
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {k: fitting(v, parameter, counts, k) for k, v in items}
    if isinstance(value, Iterable):
        kind = cast(Any, type(cast(object, value)))
        return kind(fitting(v, parameter, counts) for v in cast("Iterable[Any]", value))
    return value
