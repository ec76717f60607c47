"""From a list of samples to one batch. Source: torch/utils/data/_utils/collate.py."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from minitorch_np.dtypes import float64
from minitorch_np.ops.from_data import as_tensor, tensor
from minitorch_np.ops.join import stack
from minitorch_np.tensor import Tensor

__all__ = ["default_collate", "default_convert"]

_UNKNOWN = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)


def _no_numbers(data: object) -> bool:
    """Whether `data` is a NumPy array of strings or objects."""
    return isinstance(data, np.ndarray) and cast("np.ndarray[Any, Any]", data).dtype.kind in "SUO"


def default_collate(batch: Sequence[object]) -> object:
    """The samples stacked: tensors, arrays and numbers into a tensor, containers leaf by leaf."""
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(cast("Sequence[Tensor]", batch)), 0)
    if isinstance(first, np.ndarray):
        if _no_numbers(cast(object, first)):
            raise TypeError(_UNKNOWN.format(first.dtype))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # of any dtype
        return stack([as_tensor(each) for each in batch], 0)
    if isinstance(first, (np.bool_, np.number)):
        return as_tensor(batch)
    if isinstance(first, float):
        return tensor(batch, dtype=float64)
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        samples = cast("Sequence[Mapping[object, object]]", batch)
        joined = {key: default_collate([s[key] for s in samples]) for key in samples[0]}
        return joined if type(samples[0]) is dict else cast(Any, type(samples[0]))(joined)
    if isinstance(first, Sequence):
        return _collate_sequences(cast("Sequence[Sequence[object]]", batch))
    raise TypeError(_UNKNOWN.format(type(first)))


def _collate_sequences(batch: Sequence[Sequence[object]]) -> object:
    """Sequences collated element by element; a tuple becomes a list, as it always has."""
    first = batch[0]
    if hasattr(first, "_fields"):
        return cast(Any, type(first))(*[default_collate(s) for s in zip(*batch, strict=False)])
    if not all(len(each) == len(first) for each in batch):
        raise RuntimeError("each element in list of batch should be of equal size")
    joined = [default_collate(s) for s in zip(*batch, strict=True)]
    return joined if isinstance(first, (tuple, list)) else cast(Any, type(first))(joined)


def default_convert(data: object) -> object:
    """A sample as it comes without batching: arrays become tensors, containers leaf by leaf."""
    if _no_numbers(data):
        return data
    if isinstance(data, (np.ndarray, np.bool_, np.number)):
        return as_tensor(cast(object, data))
    if isinstance(data, Mapping):
        sample = cast("Mapping[object, object]", data)
        return cast(Any, type(sample))({key: default_convert(sample[key]) for key in sample})
    if isinstance(data, tuple):
        whole = cast("tuple[object, ...]", data)
        if hasattr(whole, "_fields"):
            return cast(Any, type(whole))(*[default_convert(each) for each in whole])
        return [default_convert(each) for each in whole]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return [default_convert(each) for each in cast("Sequence[object]", data)]
    return data
