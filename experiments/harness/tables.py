"""What ops do to rounding errors, by name, for those that need no formula of their own."""

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.harness.rounding import Array, Call

# Values chosen, not computed: both engines are told the same numbers.
GIVEN = """zeros ones full empty empty_like zeros_like ones_like full_like new_zeros new_ones
new_empty new_full new_empty_strided empty_strided arange eye tensor scalar_tensor zero_ fill_
randint randperm random_ bernoulli geometric_ one_hot repeated_indices tril_indices triu_indices
set_ resize_ lift_fresh
from_numpy as_tensor""".split()

# Rounded once on the way from the generator's bits.
DRAWN = """rand randn uniform normal_ rand_like randn_like linspace logspace log_normal_
exponential_ cauchy_""".split()

# Ops that carry values unchanged, with the arguments whose values they carry.
MOVES: dict[str, tuple[str, ...]] = dict.fromkeys(
    """clone contiguous reshape flatten repeat flip fliplr flipud roll tril triu index_select
    gather index take constant_pad_nd pad diag repeat_interleave masked_select alias_copy
    take_along_dim expand_copy embedding view_copy _reshape_copy rot90 select_copy movedim ravel
    tile convert diag_embed diagonal_copy""".split(),
    ("input",),
) | {
    "copy": ("src",),
    "where": ("input", "other"),
    "masked_fill": ("input", "value"),
    "cat": ("tensors",),
    "concat": ("tensors",),
    "stack": ("tensors",),
    "scatter": ("input", "src", "value"),
    "index_copy": ("input", "source"),
    "setitem": ("input", "value"),
    "__setitem__": ("input", "value"),
    "getitem": ("input",),
    "__getitem__": ("input",),
    "index_fill": ("input", "value"),
    "masked_scatter": ("input", "source"),
    "slice_scatter": ("input", "src"),
    "select_scatter": ("input", "src"),
    "diagonal_scatter": ("input", "src"),
    "select_backward": ("grad_output",),
    "slice_backward": ("grad_output",),
    "diagonal_backward": ("grad_output",),
    "value_selecting_reduction_backward": ("grad",),
    "_to_copy": ("input",),
    "to": ("input",),
    "vstack": ("tensors",),
    "hstack": ("tensors",),
}

# Sums of some cells into each result, all with derivative 1.
SUMS: dict[str, tuple[str, ...]] = {
    "sum": ("input",),
    "sum_to_size": ("input",),
    "_sum_to_size": ("input",),
    "cumsum": ("input",),
    "trace": ("input",),
    "nansum": ("input",),
    "scatter_add": ("input", "src"),
    "index_add": ("input", "source"),
    "embedding_dense_backward": ("grad_output",),
    "index_backward": ("grad_output",),
    "unfold_backward": ("grad_in",),
    "as_strided_backward": ("grad", "g"),
    "as_strided_scatter": ("input", "src"),
}

# Derivatives of elementwise ops by argument; an elementwise op that is missing is differenced.
PARTIALS: dict[str, dict[str, Callable[[Call], Any]]] = {
    "add": {"input": lambda c: 1.0, "other": lambda c: c.args.get("alpha", 1)},
    "sub": {"input": lambda c: 1.0, "other": lambda c: c.args.get("alpha", 1)},
    "rsub": {"other": lambda c: 1.0, "input": lambda c: c.args.get("alpha", 1)},
    "mul": {"input": lambda c: c.value("other"), "other": lambda c: c.value("input")},
    "neg": {"input": lambda c: 1.0},
    "positive": {"input": lambda c: 1.0},
    "abs": {"input": lambda c: 1.0},
    "exp": {"input": lambda c: c.out},
    "expm1": {"input": lambda c: c.out + 1},
    "square": {"input": lambda c: 2 * c.value("input")},
    "tanh": {"input": lambda c: 1 - c.out**2},
    "deg2rad": {"input": lambda c: np.pi / 180},
    "rad2deg": {"input": lambda c: 180 / np.pi},
    "normal": {
        "mean": lambda c: 1.0,
        "std": lambda c: np.divide(
            c.out - c.value("mean"),
            c.value("std"),
            out=np.zeros(c.out.shape),
            where=np.broadcast_to(np.not_equal(c.value("std"), 0), c.out.shape),
        ),
    },
    "sigmoid": {"input": lambda c: c.out * (1 - c.out)},
    "sin": {"input": lambda c: np.cos(c.value("input"))},
    "cos": {"input": lambda c: np.sin(c.value("input"))},
    "tanh_backward": {
        "grad_output": lambda c: 1 - c.value("output") ** 2,
        "output": lambda c: 2 * c.value("grad_output") * c.value("output"),
    },
    "sigmoid_backward": {
        "grad_output": lambda c: c.value("output") * (1 - c.value("output")),
        "output": lambda c: c.value("grad_output") * (1 - 2 * c.value("output")),
    },
    "addcmul": {
        "input": lambda c: 1.0,
        "tensor1": lambda c: c.args.get("value", 1) * c.value("tensor2"),
        "tensor2": lambda c: c.args.get("value", 1) * c.value("tensor1"),
    },
    "outer": {
        "input": lambda c: c.value("vec2")[None, :],
        "vec2": lambda c: c.value("input")[:, None],
    },
}
UNROUNDED = frozenset(
    """neg positive abs relu clamp clamp_min clamp_max maximum minimum sign sgn floor ceil round
    trunc hardtanh threshold threshold_backward leaky_relu nan_to_num fmax fmin detach
    hardtanh_backward""".split()
)
# Ops of floating results that jump somewhere; those of other results always do.
JUMPS = frozenset(
    """leaky_relu_backward elu_backward hardtanh_backward hardshrink softshrink_backward sign sgn
    floor ceil round trunc frac fmod remainder floor_divide div heaviside copysign threshold
    abs_backward where masked_fill""".split()
)
# Elementwise ops that no library marks as such everywhere.
POINTWISE = frozenset(
    """leaky_relu leaky_relu_backward elu elu_backward gelu gelu_backward silu silu_backward
    softplus softplus_backward hardtanh hardtanh_backward selu celu threshold abs sgn
    nan_to_num log_sigmoid_forward mse_loss_backward smooth_l1_loss_backward huber_loss_backward
    binary_cross_entropy_backward""".split()
)

# Ops that multiply two of their arguments.
FACTORS = {"mul": ("input", "other"), "addcmul": ("tensor1", "tensor2")}

# Squared sizes of what an op adds up, where that cancels and leaves a smaller result.
MAGNITUDES: dict[str, Callable[[Call], Array]] = {
    # x (1 + erf(x / sqrt 2)) / 2, and the derivative of that: 1 + erf cancels for negative x.
    "gelu": lambda c: np.square(c.out) + np.square(c.value("input")),
    "gelu_backward": lambda c: np.square(c.out) + np.square(c.value("grad_output")),
}
