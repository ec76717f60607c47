"""Modules that hold modules: in a row, a list or a dict. Source: torch/nn/modules/container.py."""

import operator
from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, Sized, ValuesView
from itertools import chain
from typing import Any, Self, cast, overload

from minitorch_np.nn.module import Module

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


def position(index: object, size: int) -> int:
    """An index counted from the front. Raises: IndexError out of range."""
    at = operator.index(cast(int, index))
    if not -size <= at < size:
        raise IndexError(f"index {at} is out of range")
    return at % size


def pairs(name: str, given: Iterable[object]) -> Iterator[tuple[str, Any]]:
    """The (key, value) pairs of a sequence. Raises: torch's errors for anything else in it."""
    for nr, pair in enumerate(given):
        if not isinstance(pair, Iterable):
            # torch's text, with the blank it lacks
            raise TypeError(
                f"{name} update sequence element #{nr} should be Iterable; is{type(pair).__name__}"
            )
        found = cast("list[Any]", pair)
        if len(cast(Sized, pair)) != 2:
            raise ValueError(
                f"{name} update sequence element #{nr} has length {len(found)}; 2 is required"
            )
        yield found[0], found[1]


class _Row(Module):
    """What Sequential and ModuleList share: submodules named '0', '1', ..."""

    def _row(self) -> dict[str, Module]:
        return cast("dict[str, Module]", self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._row().values())

    def __delitem__(self, idx: int | slice) -> None:
        names = list(self._modules)
        for name in names[idx] if isinstance(idx, slice) else [names[position(idx, len(names))]]:
            delattr(self, name)
        self._modules = OrderedDict(
            (str(i), module) for i, module in enumerate(self._modules.values())
        )

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]

    def append(self, module: Module) -> Self:
        """This container with `module` at its end."""
        self.add_module(str(len(self)), module)
        return self

    def _insert(self, index: int, module: Module) -> None:
        row = self._row()
        for i in range(len(row), index, -1):
            row[str(i)] = row[str(i - 1)]
        row[str(index)] = module


class Sequential(_Row):
    """Modules called one after the other, each with what the one before returned."""

    @overload
    def __init__(self, *args: Module) -> None: ...
    @overload
    def __init__(self, arg: "OrderedDict[str, Module]", /) -> None: ...
    def __init__(self, *args: "Module | OrderedDict[str, Module]") -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            for nr, module in enumerate(args):
                self.add_module(str(nr), cast(Module, module))

    @overload
    def __getitem__(self, idx: int) -> Module: ...
    @overload
    def __getitem__(self, idx: slice) -> Self: ...
    def __getitem__(self, idx: int | slice) -> Module:
        if isinstance(idx, slice):
            return type(self)(OrderedDict(list(self._row().items())[idx]))
        return list(self._row().values())[position(idx, len(self))]

    def __setitem__(self, idx: int, module: Module) -> None:
        setattr(self, list(self._modules)[position(idx, len(self))], module)

    def pop(self, key: int | slice) -> Module:
        """The module at `key`, removed."""
        module = self[key]
        del self[key]
        return module

    def insert(self, index: int, module: Module) -> Self:
        """This container with `module` before the one at `index`."""
        if not isinstance(module, Module):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise AssertionError(f"module should be of type: {Module}")
        size = len(self)
        if not -size <= index <= size:
            raise IndexError(f"Index out of range: {index}")
        self._insert(index + size if index < 0 else index, module)
        return self

    def extend(self, sequential: Iterable[Module]) -> Self:
        """This container with the modules of another at its end."""
        for module in sequential:
            self.append(module)
        return self

    def __add__(self, other: "Sequential") -> "Sequential":
        self._check_other(other)
        return Sequential().extend(self).extend(other)

    def __iadd__(self, other: "Sequential") -> Self:
        self._check_other(other)
        return self.extend(list(other))

    def _check_other(self, other: object) -> None:
        if not isinstance(other, Sequential):
            raise ValueError(
                "add operator supports only objects of Sequential class, but "
                f"{type(other)} is given."
            )

    def __mul__(self, other: int) -> "Sequential":
        return Sequential().extend(self._times(other))

    __rmul__ = __mul__

    def __imul__(self, other: int) -> Self:
        return self.extend(self._times(other)[len(self) :])

    def _times(self, other: int) -> list[Module]:
        if not isinstance(other, int):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(other)}")
        if other <= 0:
            raise ValueError(f"Non-positive multiplication factor {other} for {type(self)}")
        return list(self) * other

    def forward(self, input: Any) -> Any:  # noqa: ANN401  # as its modules take it
        """What the last module returns."""
        for module in self:
            input = module(input)
        return input


class ModuleList(_Row):
    """Modules in a list, so that this module's owner knows them; it has no forward."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    @overload
    def __getitem__(self, idx: int) -> Module: ...
    @overload
    def __getitem__(self, idx: slice) -> Self: ...
    def __getitem__(self, idx: int | slice) -> Module:
        if isinstance(idx, slice):
            return type(self)(list(self)[idx])
        return self._row()[str(position(idx, len(self)))]

    def __setitem__(self, idx: int, module: Module) -> None:
        setattr(self, str(position(idx, len(self))), module)

    def insert(self, index: int, module: Module) -> None:
        """Put `module` before the one at `index`."""
        self._insert(index, module)

    def pop(self, key: int | slice) -> Module:
        """The module at `key`, removed."""
        module = self[key]
        del self[key]
        return module

    def extend(self, modules: Iterable[Module]) -> Self:
        """This list with `modules` at its end."""
        if not isinstance(modules, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(
                "ModuleList.extend should be called with an iterable, but got "
                f"{type(modules).__name__}"
            )
        size = len(self)
        for nr, module in enumerate(modules):
            self.add_module(str(size + nr), module)
        return self

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> "ModuleList":
        return ModuleList(chain(self, other))

    def __repr__(self) -> str:
        blocks: list[tuple[int, int, str]] = []
        """Runs of modules that say the same: first, last, text."""
        for nr, module in enumerate(self):
            text = repr(module)
            if blocks and blocks[-1][2] == text:
                blocks[-1] = (blocks[-1][0], nr, text)
            else:
                blocks.append((nr, nr, text))
        if not blocks:
            return f"{self._get_name()}()"
        lines = [
            f"({first}): {text}"
            if first == last
            else f"({first}-{last}): {last - first + 1} x {text}"
            for first, last, text in blocks
        ]
        inside = "".join("\n  " + line.replace("\n", "\n  ") for line in lines)
        return f"{self._get_name()}({inside}\n)"


class ModuleDict(Module):
    """Modules in a dict, so that this module's owner knows them; it has no forward."""

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def _held(self) -> dict[str, Module]:
        return cast("dict[str, Module]", self._modules)

    def __getitem__(self, key: str) -> Module:
        return self._held()[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Remove every module."""
        self._modules.clear()

    def pop(self, key: str) -> Module:
        """The module of `key`, removed."""
        module = self[key]
        del self[key]
        return module

    def keys(self) -> KeysView[str]:
        """The keys, in order of insertion."""
        return self._modules.keys()

    def items(self) -> ItemsView[str, Module]:
        """The (key, module) pairs, in order of insertion."""
        return self._held().items()

    def values(self) -> ValuesView[Module]:
        """The modules, in order of insertion."""
        return self._held().values()

    def update(self, modules: "Mapping[str, Module] | Iterable[tuple[str, Module]]") -> None:
        """Add or replace modules from a mapping or from pairs."""
        if not isinstance(modules, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(
                "ModuleDict.update should be called with an iterable of key/value pairs, but got "
                f"{type(modules).__name__}"
            )
        if isinstance(modules, (Mapping, ModuleDict)):
            given = cast("Iterable[tuple[str, Module]]", modules.items())
        else:
            given = pairs("ModuleDict", modules)
        for key, module in given:
            self[key] = module
