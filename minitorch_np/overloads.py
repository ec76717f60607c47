"""torch's text for arguments that none of a function's overloads takes.

PyTorch parses the arguments of each call against the signatures of a function, in order; where none
takes them, the only one with as many arguments says what it misses, or all of them are listed.
`overloads.txt` has the signatures of each function and method that PyTorch has in C++, with a colon
behind the name of one that has no other, and behind a slash the name of the overload for those
that write to their first argument; `python -m tests.torch_overloads` writes it.
Source: torch/csrc/utils/python_arg_parser.cpp and invalid_arguments.cpp.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from minitorch_np.devices import device as Device
from minitorch_np.devices import type_name
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.dtypes import in_64_bits
from minitorch_np.shapes import in_int64
from minitorch_np.tensor import Tensor

__all__ = [
    "NUMPYS",
    "Refusal",
    "fits",
    "is_int",
    "missing_text",
    "need_tensors",
    "no_tensor",
    "overload",
    "parsed",
    "refusal",
    "refuse",
    "unfitting",
]

Given = Sequence[object]
Named = Mapping[str, object]
Refusal = TypeError | ValueError | OverflowError
"""What torch raises for arguments: of a wrong kind, and ints of too many bits."""

_NUMBERS_TOO = frozenset(
    name + ending
    for name in "add div divide mul multiply sub subtract true_divide floor_divide copy".split()
    for ending in ("", "_")
)
"""Of which functions a tensor argument may be a number."""
NUMPYS = {
    "axis": "dim",
    "keepdims": "keepdim",
    "x": "input",
    "a": "input",
    "x1": "input",
    "x2": "other",
}
"""NumPy's names of parameters that torch's parser takes for its own.
Source: numpy_compatibility_arg_names, python_arg_parser.cpp."""
_ONE_IS_MANY = {"dim", "dims", "stride", "padding", "dilation", "kernel_size", "output_size"}
"""What several ints are named that one int stands for."""


class Parameter(NamedTuple):
    """One parameter of a signature, as torch prints it."""

    kind: str
    name: str
    default: str | None
    keyword: bool
    single: bool
    """Whether one int stands for several."""
    none: bool
    """Whether it may be None."""

    def called(self, named: Named) -> str:
        """The name by which it is given among those, its own or NumPy's; '' where it is not."""
        if self.name in named:
            return self.name
        return next((n for n, own in NUMPYS.items() if own == self.name and n in named), "")

    def takes(self, value: object, numbers: bool, at: int = 0) -> bool:
        """Whether a value is of its kind; `at` counts the parameters before it.

        Raises: TypeError for what is no tensor among several, which ends torch's search, too.
        Source: FunctionParameter::check; is_tensor_list_and_append_overloaded.
        """
        if value is None:
            return self.none
        if self.kind == "Tensor":
            return isinstance(value, Tensor) or (numbers and is_number(value))
        if self.kind == "tuple of Tensors":
            if not isinstance(value, (tuple, list)):
                return False
            # a subscript hands its None on to index_put
            for nr, one in enumerate(cast("Sequence[object]", value)):
                if not isinstance(one, Tensor) and (one is not None or self.name != "indices"):
                    raise no_tensor(one, nr, at)
            return True
        if self.kind in ("tuple of ints", "tuple of floats"):
            element = is_int if self.kind == "tuple of ints" else _is_float
            if isinstance(value, (tuple, list)):
                first = cast("Sequence[object]", value)[:1]
                return not first or element(first[0])
            return self.single and element(value)
        if self.kind == "tuple of Scalars":
            several = cast("Sequence[object]", value)
            return isinstance(value, (tuple, list)) and all(is_number(v) for v in several)
        if self.kind in _KINDS:
            return _KINDS[self.kind](value)
        return self.kind == "object" or self.kind.removeprefix("torch.") in type(value).__name__

    def wrong(self, value: object, position: int) -> str:
        """What torch says of a value of another kind; 0 stands for one that was named."""
        where = f" (position {position})" if position else ""
        told = f": argument '{self.name}'{where} must be {self.kind}"
        if position and self.kind.startswith("tuple of") and isinstance(value, (tuple, list)):
            first = type_name(cast("Sequence[object]", value)[0])
            return f"{told}, but found element of type {first} at pos 0"
        return f"{told}, not {type_name(value)}"


def no_tensor(value: object, nr: int, at: int) -> TypeError:
    """torch's error for element `nr` of several tensors, argument `at`, which is none."""
    kind = type(value).__name__
    return TypeError(f"expected Tensor as element {nr} in argument {at}, but got {kind}")


def need_tensors(several: Iterable[object], at: int = 0) -> None:
    """Raise TypeError for what is no tensor among several, argument `at` of a function."""
    for nr, one in enumerate(several):
        if not isinstance(one, Tensor):
            raise no_tensor(one, nr, at)


def is_int(value: object) -> bool:
    """Whether torch's parser takes a value for an int."""
    if isinstance(value, Tensor):
        return value.ndim == 0 and value.dtype.category == 1
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_float(value: object) -> bool:
    return isinstance(value, (float, np.floating, int))


def is_number(value: object) -> bool:
    """Whether torch's parser takes a value for a number."""
    if isinstance(value, Tensor):
        return value.ndim == 0 and not value.requires_grad
    return isinstance(value, (int, float, complex, np.number, np.bool_))


_PYTHONS: tuple[object, ...] = (float, int, bool)
_KINDS: dict[str, Callable[[object], bool]] = {
    "Number": is_number,
    "int": is_int,
    "float": lambda value: is_number(value) and not isinstance(value, complex),
    "bool": lambda value: isinstance(value, bool),
    "str": lambda value: isinstance(value, str),
    "torch.dtype": lambda value: isinstance(value, Dtype) or value in _PYTHONS,
    "torch.device": lambda value: (
        isinstance(value, (Device, str)) or (is_int(value) and not isinstance(value, Tensor))
    ),
}


class Signature(NamedTuple):
    """One of a function's signatures."""

    text: str
    parameters: tuple[Parameter, ...]
    alone: bool = False
    """Whether the function has no other: it says itself, then, what is wrong."""
    overload: str = ""
    """ATen's name of it among those of its function."""

    @property
    def bare(self) -> bool:
        """Whether it is a method that takes nothing, which CPython sees to before any parser."""
        return self.text == "none"

    def plausible(self, count: int) -> bool:
        """Whether it takes so many arguments."""
        least = len([p for p in self.parameters if p.default is None])
        return least <= count <= len(self.parameters)

    def problem(self, name: str, args: Given, kwargs: Named) -> str | None:
        """The first thing wrong with a call, in torch's words; None where it is taken."""
        if self.bare:
            nothing = "keyword arguments" if kwargs else f"arguments ({len(args)} given)"
            return f" takes no {nothing}" if args or kwargs else None
        args = self._gathered(args)
        most = len([p for p in self.parameters if not p.keyword])
        if len(args) > most:
            return self._too_many(most, len(args))
        left = dict(kwargs)
        for at, parameter in enumerate(self.parameters):
            given = at < len(args)
            called = parameter.called(left)
            if not given and not called:
                if parameter.default is not None:
                    continue
                return missing_text([p.name for p in self.parameters[at:] if p.default is None])
            value = args[at] if given else left.pop(called)
            if not parameter.takes(value, name in _NUMBERS_TOO, at):
                return parameter.wrong(value, at + 1 if given else 0)
        if not left:
            self._unpack(name, args, kwargs)
            return None
        places = {p.name: at for at, p in enumerate(self.parameters)}
        for called in kwargs:
            if called not in places:  # NumPy's names are not, either
                return f" got an unexpected keyword argument '{called}'"
            if places[called] < len(args):
                return f" got multiple values for argument '{called}'"
        raise AssertionError(left)

    def _unpack(self, name: str, args: Given, kwargs: Named) -> None:
        """Raise for ints of more than 64 bits, and TypeError for several of which only the first is
        of its kind: torch looks at these once the signature is chosen. Source: python_arg_parser.h,
        PythonArgs::intlistWithDefault, getDoublelist, toInt64 and scalar."""
        for at, parameter in reversed([*enumerate(self.parameters)]):  # as GCC evaluates arguments
            value = args[at] if at < len(args) else kwargs.get(parameter.called(kwargs))
            if parameter.kind == "Number" and type(value) is int:
                _ = in_64_bits(value)
            elif parameter.kind in ("int", "tuple of ints") and type(value) is int:
                _ = in_int64(value)
            elif parameter.kind == "tuple of ints" and isinstance(value, (tuple, list)):
                several = cast("Sequence[object]", value)
                self._unpack_ints(f"{name}(): argument '{parameter.name}'", several)
            elif parameter.kind == "tuple of floats" and isinstance(value, (tuple, list)):
                for nr, one in enumerate(cast("Sequence[object]", value), 1):
                    if not _is_float(one):
                        raise TypeError(
                            f"{name}(): argument '{parameter.name}' must be tuple of floats, but "
                            f"found element of type {type_name(one)} at pos {nr}"
                        )

    def _unpack_ints(self, argument: str, values: Sequence[object]) -> None:
        for nr, one in enumerate(values, 1):
            try:
                if type(one) is int:
                    _ = in_int64(one)
                elif not (is_int(one) or isinstance(one, bool)):
                    raise ValueError(f"type must be tuple of ints,but got {type_name(one)}")
            except ValueError as why:
                raise TypeError(
                    f'{argument} failed to unpack the object at pos {nr} with error "{why}"'
                ) from None

    def _gathered(self, args: Given) -> Given:
        """The arguments; where the only one is several ints that stand apart, these as one."""
        positional = [p for p in self.parameters if not p.keyword]
        if len(positional) != 1 or positional[0].kind != "tuple of ints" or not args:
            return args
        alone = len(self.parameters) > 1 and positional[0].takes(args[0], numbers=False)
        return [args] if is_int(args[0]) and not alone else args

    def _too_many(self, most: int, given: int) -> str:
        least = len([p for p in self.parameters if p.default is None])
        if least != most:
            return f" takes from {least} to {most} positional arguments but {given} were given"
        s, were = "" if most == 1 else "s", "was" if given == 1 else "were"
        return f" takes {most} positional argument{s} but {given} {were} given"


def missing_text(names: Sequence[str]) -> str:
    """What torch says of arguments that are missing: it counts those that follow, too, wherever
    they are given, and has the plural for one."""
    s = "s" if len(names) == 1 else ""
    told = ", ".join([f'"{name}"' for name in names])
    return f" missing {len(names)} required positional argument{s}: {told}"


def parameters_of(text: str, alone: bool) -> tuple[Parameter, ...]:
    """The parameters of a signature such as '(Tensor input, *, Tensor out = None)'.

    A method that takes nothing has 'none'. Of one that is alone, '[1]' behind a type says that one
    int will do, and '?' that None will; of those that torch lists, names and defaults do.
    """
    found: list[Parameter] = []
    keyword = False
    for part in text[1:-1].split(", ") if text not in ("()", "none") else ():
        if part == "*":
            keyword = True
            continue
        declared, has_default, default = part.partition(" = ")
        told, _, name = declared.rpartition(" ")
        kind = told.removesuffix("?").removesuffix("[1]")
        single, none = "[1]" in told, told.endswith("?")
        if not alone:
            single = name in _ONE_IS_MANY and not default.startswith("{")
            reduced = (kind, name) == ("tuple of ints", "dim") and "keepdim" in text
            either = name in ("output_size", "scale_factors") and "scale_factors" in text
            flag = name in ("rounding_mode", "stable")
            none = default == "None" or reduced or either or flag
        found.append(Parameter(kind, name, default if has_default else None, keyword, single, none))
    return tuple(found)


@cache
def _table() -> dict[str, list[Signature]]:
    """The signatures of each function by its name, of a method with a dot in front."""
    found: dict[str, list[Signature]] = {}
    for line in Path(__file__).with_name("overloads.txt").read_text("utf-8").splitlines()[1:]:
        head, _, text = line.partition(" ")
        alone = head.endswith(":")
        name, _, own = head.removesuffix(":").partition("/")
        signature = Signature(text, parameters_of(text, alone), alone, own)
        found.setdefault(name, []).append(signature)
    return found


def _signatures(name: str, method: bool) -> list[Signature]:
    return _table().get(f".{name}" if method else name, [])


def parsed(name: str, method: bool) -> bool:
    """Whether torch's parser sees the arguments of a function."""
    return bool(_signatures(name, method))


def fits(name: str, *args: object) -> bool:
    """Whether positional arguments are of the kinds that some overload of a function takes."""
    return any(s.problem(name, args, {}) is None for s in _signatures(name, False))


def overload(name: str, args: Given, kwargs: Named) -> str:
    """ATen's name of an op that writes to `args[0]`, with that of the overload: 'mul_.Tensor'."""
    for method in (True, False):
        for signature in _signatures(name, method):
            if signature.problem(name, args[1:] if method else args, kwargs) is None:
                return f"{name}.{signature.overload}".removesuffix(".")
    return name


def refusal(name: str, args: Given, kwargs: Named, method: bool = False) -> Refusal | None:
    """torch's error for arguments that no overload takes; None where one does, or it has none."""
    signatures = _signatures(name, method)
    problems: list[str] = []
    for signature in signatures:
        try:
            problem = signature.problem(name, args, kwargs)
        except (TypeError, ValueError, OverflowError) as error:
            return error.with_traceback(None)
        if problem is None:
            return None
        problems.append(problem)
    if not signatures:
        return None
    count = len(args) + len(kwargs)
    told = [p for s, p in zip(signatures, problems, strict=True) if s.plausible(count)]
    if len(told) == 1 or signatures[0].alone:
        place = f"TensorBase.{name}" if signatures[0].bare else name
        return TypeError(f"{place}(){(told or problems)[0]}")
    return TypeError(_combination(name, signatures, args, kwargs))


def refuse(name: str, args: Given, kwargs: Named, error: Exception, method: bool = False) -> None:
    """Raise torch's error, from `error`, for arguments that no overload takes."""
    told = [refusal(name, args, kwargs, method)]
    if told[0] is not None:
        raise cast(Refusal, told.pop()) from error  # no variable holds it: that were a cycle


def unfitting(name: str, *args: object) -> Refusal:
    """torch's error for positional arguments of a function that no overload takes."""
    found = refusal(name, args, {})
    return (
        TypeError(_combination(name, _signatures(name, False), args, {}))
        if found is None
        else found
    )


def _combination(name: str, signatures: Sequence[Signature], args: Given, kwargs: Named) -> str:
    """The list of all signatures. Source: format_invalid_args, invalid_arguments.cpp."""
    lead = f"{name}() received an invalid combination of arguments - got "
    named = {
        key: kwargs[key] for key in reversed([*kwargs])
    }  # as an unordered_map of C++ goes through a few
    got = ", ".join([type_name(value) for value in args])
    got += "".join([f"{', ' if got and not at else ''}{key}={type_name(value)}, "
                    for at, (key, value) in enumerate(named.items())])  # fmt: skip
    got = got.removesuffix(", ") if args else got
    if len(signatures) == 1:
        text = signatures[0].text
        unknown = _unknown(text, named)
        if unknown:
            return f"{lead}unrecognized keyword arguments: {unknown}"
        if _counted(text) == len(args) + len(named):
            return f"{lead}{_judged(text, args, named)}, but expected {text}"
        return f"{lead}({got}), but expected {text}"
    lines = [f"{lead}({got}), but expected one of:"]
    for signature in signatures:
        text = signature.text
        lines.append(f" * {text}")
        if _counted(text) == len(args) + len(named):
            unknown = _unknown(text, named)
            why = (
                f"keywords were incorrect: {unknown}"
                if unknown
                else f"arguments have invalid types: {_judged(text, args, named)}"
            )
            lines.append(f"      didn't match because some of the {why}")
    return "\n".join([*lines, ""])


def _told(text: str) -> list[tuple[str, str]]:
    """Type and name of each part of a signature, as the list of them reads it: a star is one, and
    what has a default is named by that."""
    return [(kind, name) for kind, _, name in [p.rpartition(" ") for p in text[1:-1].split(", ")]]


def _counted(text: str) -> int:
    return len(_told(text))


def _unknown(text: str, named: Named) -> str:
    parts = _told(text)
    last = {name for _, name in parts[max(len(parts) - len(named), 0) :]}
    return ", ".join([key for key in named if key not in last])


def _judged(text: str, args: Given, named: Named) -> str:
    """The types of the arguments, between '!' those that are not of the type asked for."""
    parts = _told(text)
    values = [*args, *[named[name] for _, name in parts[len(args) :]]]
    judged: list[str] = []
    for at, (value, (kind, name)) in enumerate(zip(values, parts, strict=False)):
        own = type_name(value)
        wanted = {"float": {"float", "int"}, "": set[str]()}.get(kind, {kind})
        shown = f"{name}={own}" if at >= len(args) else own
        if isinstance(value, (tuple, list)):
            inner = ", ".join([type_name(v) for v in cast("Sequence[object]", value)])
            comma = "," if isinstance(value, tuple) and len(cast("Given", value)) == 1 else ""
            shown += f" of ({inner}{comma})" if isinstance(value, tuple) else f" of [{inner}]"
        judged.append(shown if own in wanted else f"!{shown}!")
    return f"({', '.join(judged)}{'' if args else ', '})"
