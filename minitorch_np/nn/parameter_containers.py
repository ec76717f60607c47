"""Modules that hold parameters in a list or a dict. Source: torch/nn/modules/container.py."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import Any, NoReturn, Self, cast, overload

from minitorch_np.nn.containers import pairs, position
from minitorch_np.nn.module import Module
from minitorch_np.nn.parameter import Parameter, typename
from minitorch_np.tensor import Tensor

__all__ = ["ParameterDict", "ParameterList"]


def _line(key: object, value: object, kind: str) -> str:
    """One entry as the repr of its container says it."""
    if not isinstance(value, Tensor):
        return f"  ({key}): Object of type: {type(value).__name__}"
    size = "x".join(str(n) for n in value.sizes)
    name = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"  ({key}): {name} containing: [{kind} of size {size}]"


class ParameterList(Module):
    """Parameters in a list; tensors become parameters, other values are kept as they are."""

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    @overload
    def __getitem__(self, idx: int) -> Any: ...  # noqa: ANN401  # whatever was put in
    @overload
    def __getitem__(self, idx: slice) -> Self: ...
    def __getitem__(self, idx: int | slice) -> Any:
        if isinstance(idx, slice):
            return type(self)(self[i] for i in range(*idx.indices(len(self))))
        return getattr(self, str(position(idx, len(self))))

    def __setitem__(self, idx: int, param: object) -> None:
        name = str(position(idx, len(self)))
        if isinstance(param, Tensor) and not isinstance(param, Parameter):
            param = Parameter(param)
        setattr(self, name, param)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    def __iadd__(self, parameters: Iterable[Any]) -> Self:
        return self.extend(parameters)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]

    def append(self, value: object) -> Self:
        """This list with `value` at its end."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """This list with `values` at its end."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(
                "ParameterList.extend should be called with an iterable, but got "
                f"{type(values).__name__}"
            )
        for value in values:
            self.append(value)
        return self

    def extra_repr(self) -> str:
        """A line for each entry."""
        return "\n".join(
            _line(nr, value, str(value.dtype) if isinstance(value, Tensor) else "")
            for nr, value in enumerate(self)
        )

    def forward(self, *args: object, **kwargs: object) -> NoReturn:  # noqa: ARG002
        """Raises: RuntimeError, for there is nothing to call."""
        raise RuntimeError("ParameterList should not be called.")

    __call__ = forward


class ParameterDict(Module):
    """Parameters in a dict; tensors become parameters, other values are kept as they are."""

    def __init__(self, parameters: Any = None) -> None:  # noqa: ANN401  # a mapping or pairs
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def _attribute(self, key: object) -> str:
        if not isinstance(key, str):
            raise TypeError(
                "Index given to ParameterDict cannot be used as a key as it is not a string (type "
                f"is '{type(key).__name__}'). Open an issue on github if you need non-string keys."
            )
        return key

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401  # whatever was put in
        return getattr(self, self._attribute(key))

    def __setitem__(self, key: str, value: object) -> None:
        self._keys[key] = None
        if isinstance(value, Tensor) and not isinstance(value, Parameter):
            value = Parameter(value)
        setattr(self, self._attribute(key), value)

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, self._attribute(key))

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def copy(self) -> "ParameterDict":
        """A new dict of the same parameters."""
        return ParameterDict(OrderedDict(self.items()))

    def setdefault(self, key: str, default: object = None) -> Any:  # noqa: ANN401
        """The value of `key`, put in first if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def get(self, key: str, default: object = None) -> Any:  # noqa: ANN401
        """The value of `key`, or `default`."""
        return self[key] if key in self else default  # noqa: SIM401  # it is what get is

    def clear(self) -> None:
        """Remove everything."""
        for key in list(self._keys):
            del self[key]

    def pop(self, key: str) -> Any:  # noqa: ANN401
        """The value of `key`, removed."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """The last (key, value), removed."""
        if not self._keys:
            raise KeyError("popitem(): dictionary is empty")
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def fromkeys(self, keys: Iterable[str], default: object = None) -> "ParameterDict":
        """A new dict with one value for all keys."""
        return ParameterDict((key, default) for key in keys)

    def keys(self) -> KeysView[str]:
        """The keys, in order of insertion."""
        return self._keys.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """The (key, value) pairs, in order of insertion."""
        return ((key, self[key]) for key in self._keys)

    def values(self) -> Iterable[Any]:
        """The values, in order of insertion."""
        return (self[key] for key in self._keys)

    def update(self, parameters: "Mapping[str, Any] | ParameterDict | Iterable[Any]") -> None:
        """Add or replace values; those of a plain dict in the order of its sorted keys."""
        if not isinstance(parameters, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(
                "ParametersDict.update should be called with an iterable of key/value pairs, but "
                f"got {type(parameters).__name__}"
            )
        if isinstance(parameters, (OrderedDict, ParameterDict)):
            given = cast("Iterable[tuple[str, Any]]", parameters.items())
        elif isinstance(parameters, Mapping):
            given = sorted(cast("Iterable[tuple[str, Any]]", parameters.items()))
        else:
            given = pairs("ParameterDict", parameters)
        for key, value in given:
            self[key] = value

    def extra_repr(self) -> str:
        """A line for each entry."""
        return "\n".join(_line(key, value, typename(value)) for key, value in self.items())

    def forward(self, input: object) -> NoReturn:  # noqa: ARG002
        """Raises: RuntimeError, for there is nothing to call."""
        raise RuntimeError("ParameterDict should not be called.")

    __call__ = forward

    def __or__(self, other: "ParameterDict") -> "ParameterDict":
        merged = self.copy()
        merged.update(other)
        return merged

    def __ror__(self, other: "ParameterDict") -> "ParameterDict":
        merged = other.copy()
        merged.update(self)
        return merged

    def __ior__(self, other: "ParameterDict") -> Self:
        self.update(other)
        return self
