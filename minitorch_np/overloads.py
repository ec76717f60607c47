"""torch's text for arguments that none of an op's overloads takes.

Source: torch/csrc/utils/python_arg_parser.cpp print_error and invalid_arguments.cpp.
"""

import re

__all__ = ["OVERLOADS", "fits", "unfitting"]

_TENSORS = "(Tensor input, Tensor {0}, *, Tensor out = None)"
_NUMBER = "(Tensor input, Number {0}, *, Tensor out = None)"
_FROM_NUMBER = "(Number self, Tensor {0}, *, Tensor out = None)"
_FROM_NUMBER_ALONE = "(Number self, Tensor {0})"

_DIM = "(Tensor input, int dim, bool keepdim = False"
_MADE = (
    "*, Tensor out = None, torch.dtype dtype = None, torch.layout layout = None, torch.device "
    "device = None, bool pin_memory = False, bool requires_grad = False)"
)


def _each(names: str, other: str, *signatures: str) -> dict[str, tuple[str, ...]]:
    """The same signatures for several ops."""
    return {name: tuple([s.format(other) for s in signatures]) for name in names.split()}


def _line(base: str) -> tuple[str, ...]:
    """The signatures of linspace and logspace."""
    kinds = (("Tensor", "Tensor"), ("Number", "Tensor"), ("Tensor", "Number"), ("Number", "Number"))
    return tuple([f"({a} start, {b} end, int steps, {base}{_MADE}" for a, b in kinds])


_POLYNOMIALS = (
    ("chebyshev", "t u v w"), ("shifted_chebyshev", "t u v w"), ("hermite", "h he"),
    ("laguerre", "l"), ("legendre", "p"),
)  # fmt: skip


OVERLOADS: dict[str, tuple[str, ...]] = {
    **_each("eq ne lt le gt ge fmod copysign", "other", _TENSORS, _NUMBER),
    **_each("greater greater_equal less less_equal not_equal", "other", _TENSORS, _NUMBER),
    **_each("multiply true_divide", "other", _TENSORS, "(Tensor input, Number {0})"),
    "divide": (
        _TENSORS.format("other"),
        "(Tensor input, Tensor other, *, str rounding_mode, Tensor out = None)",
        "(Tensor input, Number other)", "(Tensor input, Number other, *, str rounding_mode)",
    ),
    "subtract": (
        "(Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None)",
        "(Tensor input, Number other, Number alpha = 1)",
    ),
    **_each("clamp_max", "max", _TENSORS, _NUMBER),
    **_each("clamp_min", "min", _TENSORS, _NUMBER),
    **_each("pow float_power", "exponent", _TENSORS, _FROM_NUMBER, _NUMBER),
    **_each("xlogy special_xlog1py special_zeta", "other", _TENSORS, _FROM_NUMBER, _NUMBER),
    **_each(
        " ".join(f"special_{kind}_polynomial_{letter}" for kind, letters in _POLYNOMIALS
        for letter in letters.split()), "",
        "(Tensor x, Tensor n, *, Tensor out = None)", "(Number x, Tensor n, *, Tensor out = None)",
        "(Tensor x, Number n, *, Tensor out = None)",
    ),
    "masked_fill": ("(Tensor input, Tensor mask, Tensor value)",
                    "(Tensor input, Tensor mask, Number value)"),
    "fill_": ("(Tensor input, Tensor value)", "(Tensor input, Number value)"),
    "lerp": ("(Tensor input, Tensor end, Tensor weight, *, Tensor out = None)",
             "(Tensor input, Tensor end, Number weight, *, Tensor out = None)"),
    "isin": tuple(
        [
            f"({given}, *, bool assume_unique = False, bool invert = False, Tensor out = None)"
            for given in (
                "Tensor elements, Tensor test_elements", "Number element, Tensor test_elements",
                "Tensor elements, Number test_element",
            )
        ]
    ),
    **_each("remainder", "other", _TENSORS, _FROM_NUMBER_ALONE, _NUMBER),
    **_each(
        "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift",
        "other", _TENSORS, _FROM_NUMBER_ALONE, _NUMBER,
    ),
    **_each(
        "hsplit vsplit dsplit", "", "(Tensor input, int sections)",
        "(Tensor input, tuple of ints indices)",
    ),
    **_each(
        "max min", "", "(Tensor input, *, Tensor out = None)",
        "(Tensor input, Tensor other, *, Tensor out = None)",
        f"{_DIM}, *, tuple of Tensors out = None)",
    ),
    "rsub": (
        "(Tensor input, Tensor other, *, Number alpha = 1)",
        "(Tensor input, Number other, Number alpha = 1)",
    ),
    **_each(
        "clamp clip", "", "(Tensor input, Tensor min = None, Tensor max = None, *, "
        "Tensor out = None)", "(Tensor input, Number min = None, Number max = None, *, "
        "Tensor out = None)",
    ),
    "where": (
        "(Tensor condition)",
        "(Tensor condition, Tensor input, Tensor other, *, Tensor out = None)",
        "(Tensor condition, Number self, Tensor other)",
        "(Tensor condition, Tensor input, Number other)",
        "(Tensor condition, Number self, Number other)",
    ),
    "prod": (
        "(Tensor input, *, torch.dtype dtype = None)",
        f"{_DIM}, *, torch.dtype dtype = None, Tensor out = None)",
    ),
    "linspace": _line(""),
    "logspace": _line("float base = 10.0, "),
}  # fmt: skip
"""The signatures of each function that has several, in torch's words and order."""


def fits(name: str, *given: object) -> bool:
    """Whether positional arguments are of the kinds that some overload of a function takes."""
    own = OVERLOADS.get(name) or OVERLOADS[name.rstrip("_")]
    return any(_takes(signature, given) for signature in own)


def _takes(signature: str, given: tuple[object, ...]) -> bool:
    wanted = [part.split()[0] for part in signature[1:-1].partition("*")[0].split(", ") if part]
    return len(given) <= len(wanted) and all(
        isinstance(value, (int, float)) if kind == "Number" else type(value).__name__ == kind
        for kind, value in zip(wanted, given, strict=False)
    )


def _of_method(signature: str) -> str | None:
    """A signature as the Tensor method has it; None where it takes no tensor first."""
    if not signature.startswith(("(Tensor input", "(Tensor condition")):
        return None
    own = re.sub(r"^\(Tensor input(, )?", "(", signature)
    own = re.sub(r"(, \*)?, Tensor out = None\)$", ")", own)
    return re.sub(r"\(?\*?, tuple of Tensors out = None\)$|\*, Tensor out = None\)$", ")", own)


def unfitting(name: str, *given: object, method: bool = False) -> TypeError:
    """torch's error for positional arguments that no overload takes, by the types they have."""
    signatures = list(OVERLOADS.get(name) or OVERLOADS[name.rstrip("_")])
    if method:
        given = given[1:]
        signatures = [own for s in signatures if (own := _of_method(s)) is not None]
    kinds = [type(value).__name__ for value in given]
    got = f"{name}() received an invalid combination of arguments - got ({', '.join(kinds)})"
    lines = [f"{got}, but expected one of:"]
    for signature in signatures:
        lines.append(f" * {signature}")
        wanted = [part.partition(" ")[0] for part in signature[1:-1].split(", ")]
        if kinds and len(wanted) == len(kinds):
            told = [k if k == w else f"!{k}!" for k, w in zip(kinds, wanted, strict=True)]
            lines.append(
                "      didn't match because some of the arguments have invalid types: "
                f"({', '.join(told)})"
            )
    return TypeError("\n".join([*lines, ""]))
