"""Devices: names of where a tensor could live, though here it is the CPU always."""

from typing import NoReturn

__all__ = ["CPU", "device", "type_name"]


def type_name(value: object) -> str:
    """The type as torch's messages name it: with its module for types of extension modules."""
    kind = value.__class__  # which says so of an argument that is missing
    module = "numpy." if kind.__module__ == "numpy" else _MODULES.get(kind.__name__, "")
    return module + kind.__name__


_MODULES = dict.fromkeys(["dtype", "device", "Size", "layout", "memory_format"], "torch.")
"""Of which types torch's messages name the module."""


_NOTHING = str()  # noqa: UP018  # one of its own, for what is not given


def _refuse_device(given: object) -> NoReturn:
    kind = "" if given is _NOTHING else type_name(given)
    unlike = "      didn't match because some of the arguments have invalid types: "
    raise TypeError(
        f"device() received an invalid combination of arguments - got ({kind}), but expected one "
        f"of:\n * (torch.device device)\n{kind and f'{unlike}(!{kind}!)'}{kind and chr(10)}"
        " * (str type, int index = -1)\n"
    )


def _check_index(index: object, whole: str) -> None:
    """Raise for what is no number of a device, and for a string that has one already."""
    if not isinstance(index, int) or isinstance(index, bool):
        raise TypeError(
            f"device(): argument 'index' (position 2) must be int, not {type_name(index)}"
        )
    if whole:
        raise RuntimeError(
            f"type (string) must not include an index because index was passed explicitly: {whole}"
        )
    if index < 0:
        raise RuntimeError("Device index must not be negative")


class device:
    """Where a tensor lives: always 'cpu' here. Takes a string or another device, as torch does."""

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: "str | device" = _NOTHING, index: int | None = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index
        if not isinstance(type, str) or type is _NOTHING:  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            _refuse_device(type)
        name, colon, number = type.partition(":")
        if index is not None:
            _check_index(index, type if colon else "")
        if colon and not number.isdecimal():
            raise RuntimeError(f"Invalid device string: '{type}'")
        if name not in _DEVICE_TYPES:
            raise RuntimeError(
                "Expected one of cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, "
                "fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, privateuseone device type at "
                f"start of device string: {name}"
            )
        if name != "cpu":
            raise RuntimeError(
                f"minitorch_np runs on the CPU only: device '{type}' is not available"
            )
        self.type = name
        self.index = int(number) if number else index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __reduce__(self) -> tuple[object, ...]:
        return (device, (self.type, self.index))


_DEVICE_TYPES = frozenset(
    "cpu cuda ipu xpu mkldnn opengl opencl ideep hip ve fpga maia xla lazy vulkan mps meta hpu "
    "mtia privateuseone".split()
)
CPU = device("cpu")
