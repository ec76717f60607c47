"""What nodes show as `_saved_*` where PyTorch's node shows it otherwise, or not at all.

Worked out when somebody asks. Source: tools/autograd/gen_autograd_functions.py.
"""

import math
from collections.abc import Callable
from typing import Any, cast

__all__ = ["COMPUTED", "HIDDEN", "look"]

Look = Callable[[Any], object]
"""Finds in a node, of whatever class, what it shows."""

_COMPARED = "self_dtype self_sym_sizes other_dtype other_sym_sizes"
_TYPED = "other_dtype other_sym_sizes"
_SPREADS = ("StdBackward0", "StdMeanBackward0", "VarBackward0", "VarMeanBackward0")

HIDDEN: dict[str, str] = {
    **{f"{name}Backward1": _COMPARED for name in ("Eq", "Ge", "Gt", "Le", "Lt", "Ne")},
    **dict.fromkeys(("CopysignBackward0", "NextafterBackward0"), _TYPED),
    **dict.fromkeys(_SPREADS, "unbiased"),
    **dict.fromkeys(("MeanBackward0", "ProdBackward0", "SumBackward0"), "dim keepdim"),
    **dict.fromkeys(("ScatterBackward0", "ScatterBackward1"), "reduce"),
    **dict.fromkeys(("SqueezeBackward0", "SqueezeBackward0_copy", "SqueezeBackward3"), "dim"),
    **dict.fromkeys(("BernoulliBackward1", "BernoulliBackward2"), "p_sym_sizes"),
    **dict.fromkeys(("BlockDiagBackward0", "CatBackward0"), "tensors_sym_sizes"),
    **dict.fromkeys(
        ("AsStridedBackward0", "AsStridedBackward1", "AsStridedBackward0_copy"),
        "self_offset self_sym_sizes self_sym_strides",
    ),
    **dict.fromkeys(
        ("DiagonalScatterBackward0", "SelectScatterBackward0", "SliceScatterBackward0"),
        "src_sym_sizes",
    ),
    **dict.fromkeys(("EmbeddingBackward0", "EmbeddingBagBackward0"), "weight_sym_sizes"),
    "AddbmmBackward0": "batch1_sym_sizes",
    "AsStridedScatterBackward0": "self_sym_sizes self_sym_strides",
    "CopyBackwards": "src_dtype",
    "DivBackward0": "rounding_mode",
    "DivBackward1": "rounding_mode",
    "Im2ColBackward0": "self_sym_sizes",
    "IndexPutBackward0": "values_sym_sizes",
    "LerpBackward0": "end self",
    "NativeDropoutBackward0": "train",
    "NativeGroupNormBackward0": "eps",
    "NormalBackward1": "std_sym_sizes",
    "PowBackward0": "result",
    "PutBackward0": "source_sym_sizes",
    "SplitWithSizesBackward0": "split_size_or_sections",
    "ToCopyBackward0": "self_dtype",
}  # fmt: skip
"""Of each node, what it keeps and PyTorch's does not show."""


def _correction(node: Any) -> object:  # noqa: ANN401  # a generated class
    given, unbiased = node._kept_correction, node._kept_unbiased is not False
    if given is not None:
        return given
    whole = node._kept_dim is None or node._kept_dim is True
    return None if unbiased and whole else int(unbiased)


def _numel(node: Any) -> int:  # noqa: ANN401  # a generated class
    return math.prod(node._kept_self_sym_sizes)


def _strides(name: str, edge: int) -> Look:
    """The strides of an argument, which PyTorch asks for where it wants a gradient."""
    slot = f"_kept_{name}_sym_strides"
    return lambda node: () if node.edges[edge] is None else getattr(node, slot)


def _int(slot: str) -> Look:
    return lambda node: look("int", getattr(node, slot))


_MOMENTS: dict[str, Look] = {"correction": _correction}
_NUMEL: dict[str, Look] = {"self_sym_numel": _numel}
_ROWS: dict[str, Look] = {"weight_sym_argsize_0": lambda node: node._kept_weight_sym_sizes[0]}
_SOURCE: dict[str, Look] = {"source_dim": lambda node: len(node.expects[0][0])}

COMPUTED: dict[str, dict[str, Look]] = {
    "AddbmmBackward0": {
        "batch1_sym_argsize_0": lambda node: node._kept_batch1_sym_sizes[0],
        "batch1_sym_argsize_1": lambda node: node.expects[0][0][0],
        "batch2_sym_argsize_2": lambda node: node.expects[0][0][1],
    },
    "ConvolutionBackward0": {"bias_sym_sizes_opt": lambda n: n._kept_bias_sym_sizes_opt or (0,)},
    "EmbeddingBackward0": {"sparse": lambda _: False, **_ROWS},
    "EmbeddingBagBackward0": _ROWS,
    "GatherBackward0": {"sparse_grad": lambda _: False},
    "Im2ColBackward0": {
        "self_sym_argsize_minus_1": lambda node: node._kept_self_sym_sizes[-1],
        "self_sym_argsize_minus_2": lambda node: node._kept_self_sym_sizes[-2],
    },
    "IndexAddBackward0": _SOURCE,
    "IndexCopyBackward0": _SOURCE,
    "AddmmBackward0": {
        "mat1_sym_strides": _strides("mat1", 1),
        "mat2_sym_strides": _strides("mat2", 2),
    },
    "MmBackward0": {
        "self_sym_strides": _strides("self", 0),
        "mat2_sym_strides": _strides("mat2", 1),
    },
    "MeanBackward0": _NUMEL,
    "MeanBackward1": _NUMEL,
    "SplitWithSizesBackward0": {
        "split_sizes": lambda node: tuple(node._kept_split_size_or_sections)
    },
    "SqueezeBackward1": {"dim": _int("_kept_dim")},
    "SqueezeBackward1_copy": {"dim": _int("_kept_dim")},
    "SqueezeBackward4": {"dim": _int("_kept_dim")},
    **dict.fromkeys(_SPREADS, _MOMENTS),
}
"""Of each node, what PyTorch's shows that is not kept under that name, and how to find it."""

_REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}


def look(kind: str, value: object) -> object:
    """A value as a node of PyTorch's shows it.

    `kind` is 'int' for integers, which have no sign there, 'ints' for what is a tuple of them even
    where one was given, 'reduction' for the word that chooses one, '' for everything else.
    """
    if kind == "reduction":
        return _REDUCTIONS.get(cast(str, value), value)
    if not kind:
        return value
    if isinstance(value, (tuple, list)):
        return tuple([look("int", each) for each in cast("list[object]", value)])
    if isinstance(value, int) and not isinstance(value, bool):
        unsigned = value % (1 << 64)
        return (unsigned,) if kind == "ints" else unsigned
    return value
