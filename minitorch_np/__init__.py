"""PyTorch's eager core, readable, on NumPy: `import minitorch_np as torch`.

The namespace is torch's, name by name. Importing it binds every op to Tensor and loads neither
torch nor numba. A name that torch has and we do not raises an AttributeError that says so.
"""

from minitorch_np.unswept import Unswept

_unswept = Unswept(stay=True)  # until the last import

from math import e, inf, nan, pi
from typing import NoReturn

import minitorch_np.graph.hooks  # pyright: ignore[reportUnusedImport]  # binds
import minitorch_np.ops.assignment  # pyright: ignore[reportUnusedImport]  # binds
import minitorch_np.ops.aten  # pyright: ignore[reportUnusedImport]  # torch.ops.aten
import minitorch_np.ops.operators  # pyright: ignore[reportUnusedImport]  # binds
import minitorch_np.ops.subscript  # noqa: F401  # pyright: ignore[reportUnusedImport]  # binds
from minitorch_np import (
    autograd,
    backends,
    cuda,
    func,
    linalg,
    nn,
    optim,
    return_types,
    special,
    testing,
    utils,
)
from minitorch_np import random as random
from minitorch_np.absent import absent
from minitorch_np.denormals import set_flush_denormal
from minitorch_np.devices import device
from minitorch_np.dtypes import (
    bfloat16,
    can_cast,
    double,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    set_default_dtype,
    short,
    uint8,
)
from minitorch_np.dtypes import bool_ as bool
from minitorch_np.dtypes import float_ as float
from minitorch_np.dtypes import int_ as int
from minitorch_np.func import vmap
from minitorch_np.graph.anomaly import (
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    set_anomaly_enabled,
)
from minitorch_np.graph.modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from minitorch_np.kernels.threads import get_num_threads, set_num_threads
from minitorch_np.memory_format import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    memory_format,
    preserve_format,
)
from minitorch_np.nn.parameter import typename
from minitorch_np.op import REGISTRY, RENAMED
from minitorch_np.ops.activation import celu, hardshrink, relu, selu, threshold
from minitorch_np.ops.adaptive_pool import adaptive_avg_pool1d, adaptive_max_pool1d
from minitorch_np.ops.addmm import addbmm, addmm, addmv, addr, baddbmm
from minitorch_np.ops.attention import (
    _safe_softmax,  # noqa: F401  # pyright: ignore[reportPrivateUsage, reportUnusedImport]  # torch's name
    _scaled_dot_product_attention_math,  # noqa: F401  # pyright: ignore[reportPrivateUsage, reportUnusedImport]  # torch's name
    _scaled_dot_product_flash_attention_for_cpu,  # noqa: F401  # pyright: ignore[reportPrivateUsage, reportUnusedImport]  # torch's name
)
from minitorch_np.ops.avg_pool import avg_pool1d
from minitorch_np.ops.batch_norm import batch_norm, instance_norm, native_batch_norm
from minitorch_np.ops.bessel import i0
from minitorch_np.ops.bilinear import bilinear
from minitorch_np.ops.binary import (
    add,
    div,
    divide,
    floor_divide,
    fmod,
    mul,
    multiply,
    remainder,
    rsub,
    sub,
    subtract,
    true_divide,
)
from minitorch_np.ops.bits import frexp, gcd, heaviside, lcm, ldexp, nextafter
from minitorch_np.ops.bitwise import (
    bitwise_and,
    bitwise_left_shift,
    bitwise_not,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
)
from minitorch_np.ops.compare import (
    allclose,
    eq,
    equal,
    ge,
    greater,
    greater_equal,
    gt,
    isclose,
    isfinite,
    isinf,
    isnan,
    isneginf,
    isposinf,
    isreal,
    le,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    ne,
    not_equal,
    signbit,
)
from minitorch_np.ops.conditional import (
    clamp,
    clamp_max,
    clamp_min,
    clip,
    masked_fill,
    nan_to_num,
    where,
)
from minitorch_np.ops.conv import (
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
)
from minitorch_np.ops.convolution import convolution
from minitorch_np.ops.copy import clone, fill, is_same_size, zero_
from minitorch_np.ops.counting import (
    bincount,
    bucketize,
    histc,
    searchsorted,
    unique,
    unique_consecutive,
)
from minitorch_np.ops.creation import (
    empty,
    empty_like,
    empty_permuted,
    empty_strided,
    full,
    full_like,
    ones,
    ones_like,
    scalar_tensor,
    zeros,
    zeros_like,
)
from minitorch_np.ops.differences import gradient
from minitorch_np.ops.distance import cdist, cosine_similarity, pairwise_distance, pdist
from minitorch_np.ops.dlpack import from_dlpack
from minitorch_np.ops.dropout import (
    alpha_dropout,
    alpha_dropout_,
    dropout,
    dropout_,
    feature_alpha_dropout,
    feature_alpha_dropout_,
    feature_dropout,
    feature_dropout_,
    native_dropout,
)
from minitorch_np.ops.einsum import einsum
from minitorch_np.ops.embedding import embedding, embedding_renorm_
from minitorch_np.ops.embedding_bag import embedding_bag
from minitorch_np.ops.extremes import amax, amin, aminmax, argmax, argmin, max, min
from minitorch_np.ops.factory import layout, strided
from minitorch_np.ops.from_data import as_tensor, asarray, from_numpy, frombuffer, tensor
from minitorch_np.ops.fused import addcdiv, addcmul, lerp
from minitorch_np.ops.gamma import digamma, igamma, igammac, lgamma, mvlgamma
from minitorch_np.ops.gamma import numbered_polygamma as polygamma
from minitorch_np.ops.grid_sampler import (
    affine_grid_generator,
    grid_sampler,
    grid_sampler_2d,
    grid_sampler_3d,
)
from minitorch_np.ops.group_norm import group_norm, native_group_norm
from minitorch_np.ops.histogram import histogram, histogramdd
from minitorch_np.ops.index import index_put
from minitorch_np.ops.index_dim import index_add, index_copy, index_fill, index_select
from minitorch_np.ops.integration import cumulative_trapezoid, trapezoid, trapz
from minitorch_np.ops.join import (
    block_diag,
    cat,
    column_stack,
    concat,
    concatenate,
    dstack,
    hstack,
    row_stack,
    stack,
    vstack,
)
from minitorch_np.ops.layer_norm import layer_norm, native_layer_norm, rms_norm
from minitorch_np.ops.legacy_types import (
    BFloat16Tensor,
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
    set_default_tensor_type,
)
from minitorch_np.ops.linalg import ger, inner, kron, matmul, matrix_power, outer, tensordot
from minitorch_np.ops.mask import (
    argwhere,
    masked_scatter,
    masked_select,
    nonzero,
    nonzero_static,
    put,
    take,
    unravel_index,
)
from minitorch_np.ops.matrix import cross, diagflat, trace, vander
from minitorch_np.ops.matrix_exp import matrix_exp
from minitorch_np.ops.max_pool import max_pool1d, max_pool1d_with_indices, max_pool2d, max_pool3d
from minitorch_np.ops.median import median, nanmedian
from minitorch_np.ops.membership import isin
from minitorch_np.ops.norm import dist, norm, renorm
from minitorch_np.ops.numbered import (
    binary_cross_entropy_with_logits,
    cosine_embedding_loss,
    ctc_loss,
    hinge_embedding_loss,
    kl_div,
    margin_ranking_loss,
    poisson_nll_loss,
    triplet_margin_loss,
)
from minitorch_np.ops.padding import constant_pad_nd
from minitorch_np.ops.permute import (
    adjoint,
    moveaxis,
    movedim,
    permute,
    swapaxes,
    swapdims,
    t,
    transpose,
)
from minitorch_np.ops.power import (
    arctan2,
    atan2,
    copysign,
    float_power,
    fmax,
    fmin,
    hypot,
    logaddexp,
    logaddexp2,
    maximum,
    minimum,
    pow,
    square,
    square_,
    xlogy,
)
from minitorch_np.ops.prelu import prelu
from minitorch_np.ops.products import bmm, dot, mm, mv, vdot
from minitorch_np.ops.protocol import (
    is_complex,
    is_floating_point,
    is_nonzero,
    is_storage,
    is_tensor,
    numel,
    result_type,
)
from minitorch_np.ops.quantile import nanquantile, quantile
from minitorch_np.ops.random_creation import (
    normal,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
)
from minitorch_np.ops.ranges import arange, eye, linspace, logspace
from minitorch_np.ops.reality import (
    angle,
    conj,
    conj_physical,
    imag,
    is_conj,
    is_neg,
    real,
    resolve_conj,
    resolve_neg,
)
from minitorch_np.ops.rearrange import flip, fliplr, flipud, repeat_interleave, roll, rot90, tile
from minitorch_np.ops.recurrent import (
    gru,
    gru_cell,
    lstm,
    lstm_cell,
    rnn_relu,
    rnn_relu_cell,
    rnn_tanh,
    rnn_tanh_cell,
)
from minitorch_np.ops.recurrent_layer import mkldnn_rnn_layer
from minitorch_np.ops.reduce import all, any, count_nonzero, logsumexp, mean, nansum, prod, sum
from minitorch_np.ops.restride import detach_, resize_as_
from minitorch_np.ops.rrelu import rrelu, rrelu_
from minitorch_np.ops.sampling import bernoulli, multinomial
from minitorch_np.ops.scan import cummax, cummin, cumprod, cumsum, diff, logcumsumexp
from minitorch_np.ops.scatter import gather, scatter, scatter_add, take_along_dim
from minitorch_np.ops.scatter_reduce import index_reduce, scatter_reduce
from minitorch_np.ops.shuffle import (
    channel_shuffle,
    native_channel_shuffle,
    pixel_shuffle,
    pixel_unshuffle,
)
from minitorch_np.ops.slicing import (
    as_strided,
    diag,
    diag_embed,
    diagonal,
    diagonal_copy,
    diagonal_scatter,
    narrow,
    select,
    select_scatter,
    slice_scatter,
)
from minitorch_np.ops.softmax import log_softmax, softmax
from minitorch_np.ops.sort import argsort, kthvalue, msort, sort, topk
from minitorch_np.ops.special import erf, erfc, erfinv
from minitorch_np.ops.split import (
    chunk,
    dsplit,
    hsplit,
    split_with_sizes,
    tensor_split,
    unbind,
    unsafe_chunk,
    unsafe_split,
    unsafe_split_with_sizes,
    vsplit,
)
from minitorch_np.ops.split import (
    split_tensor as split,
)
from minitorch_np.ops.statistics import corrcoef, cov, mode, nanmean
from minitorch_np.ops.triangle import (
    cartesian_prod,
    combinations,
    meshgrid,
    tril,
    tril_indices,
    triu,
    triu_indices,
)
from minitorch_np.ops.trig import (
    acos,
    acosh,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctanh,
    asin,
    asinh,
    atan,
    atanh,
    cos,
    cosh,
    sin,
    sinh,
    tan,
    tanh,
)
from minitorch_np.ops.unary import (
    abs,
    absolute,
    ceil,
    deg2rad,
    exp,
    exp2,
    expm1,
    fix,
    floor,
    frac,
    log,
    log1p,
    log2,
    log10,
    logit,
    neg,
    negative,
    positive,
    rad2deg,
    reciprocal,
    round,
    rsqrt,
    sgn,
    sigmoid,
    sign,
    sinc,
    sqrt,
    trunc,
)
from minitorch_np.ops.variance import std, std_mean, var, var_mean
from minitorch_np.ops.view import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_shapes,
    broadcast_tensors,
    broadcast_to,
    detach,
    flatten,
    ravel,
    reshape,
    squeeze,
    unflatten,
    unsqueeze,
)
from minitorch_np.ops.view_copies import (
    alias_copy,
    as_strided_copy,
    as_strided_scatter,
    detach_copy,
    expand_copy,
    narrow_copy,
    permute_copy,
    select_copy,
    slice_copy,
    split_copy,
    split_with_sizes_copy,
    squeeze_copy,
    t_copy,
    transpose_copy,
    unbind_copy,
    unfold_copy,
    unsqueeze_copy,
    view_copy,
)
from minitorch_np.precision import get_float32_matmul_precision, set_float32_matmul_precision
from minitorch_np.printing import get_printoptions, set_printoptions
from minitorch_np.random import (
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from minitorch_np.serialization import load, save
from minitorch_np.shapes import Size
from minitorch_np.storage import UntypedStorage, empty_cache, memory_stats, reset_peak_memory_stats
from minitorch_np.tensor import Tensor
from minitorch_np.utils import checkpoint as _checkpoint  # noqa: F401  # pyright: ignore[reportUnusedImport]  # utils has it now

INPLACE = """
    abs_ acos_ acosh_ addmv_ as_strided_ asin_ asinh_ atan_ atanh_ ceil_ celu_ clamp_ clamp_max_
    clamp_min_ conj_physical_ cos_ cosh_ deg2rad_ erf_ erfc_ exp2_ exp_ expm1_ fill_ floor_
    frac_ gcd_ i0_ index_put_ lcm_ ldexp_ log10_ log1p_ log2_ log_ logit_ nan_to_num_ neg_
    rad2deg_ reciprocal_ relu_ round_ rsqrt_ sigmoid_ sin_ sinc_ sinh_ sqrt_ tan_ tanh_
    threshold_ trunc_ xlogy_
    arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ clip_ fix_ negative_
""".split()
"""In-place forms that torch has as functions, too."""
globals().update({name: (REGISTRY | RENAMED)[name].function for name in INPLACE})

newaxis = None
"""What adds a dimension when it stands in an index."""

__version__ = "0.1.0"

__all__ = [
    "BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor",
    "Generator", "HalfTensor", "IntTensor", "LongTensor", "ShortTensor", "Size", "Tensor",
    "UntypedStorage", "abs", "absolute", "acos", "acosh",
    "adaptive_avg_pool1d", "adaptive_max_pool1d", "add", "addbmm", "addcdiv", "addcmul", "addmm",
    "addmv", "addr", "adjoint", "affine_grid_generator", "alias_copy", "all", "allclose",
    "alpha_dropout", "alpha_dropout_", "amax", "amin", "aminmax", "angle", "any", "arange",
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax", "argmin",
    "argsort", "argwhere", "as_strided", "as_strided_copy", "as_strided_scatter", "as_tensor",
    "asarray", "asin", "asinh", "atan", "atan2", "atanh", "atleast_1d", "atleast_2d", "atleast_3d",
    "autograd", "avg_pool1d", "backends", "baddbmm", "batch_norm", "bernoulli", "bfloat16",
    "bilinear", "binary_cross_entropy_with_logits", "bincount", "bitwise_and", "bitwise_left_shift",
    "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "block_diag", "bmm", "bool",
    "broadcast_shapes", "broadcast_tensors", "broadcast_to", "bucketize", "can_cast",
    "cartesian_prod", "cat", "cdist", "ceil", "celu", "channel_shuffle", "channels_last",
    "channels_last_3d", "chunk", "clamp", "clamp_max", "clamp_min", "clip", "clone", "column_stack",
    "combinations", "concat", "concatenate", "conj", "conj_physical", "constant_pad_nd",
    "contiguous_format", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "convolution", "copysign", "corrcoef", "cos", "cosh",
    "cosine_embedding_loss", "cosine_similarity", "count_nonzero", "cov", "cross", "ctc_loss",
    "cuda", "cummax", "cummin", "cumprod", "cumsum", "cumulative_trapezoid", "default_generator",
    "deg2rad", "detach", "detach_", "detach_copy", "device", "diag", "diag_embed", "diagflat",
    "diagonal", "diagonal_copy", "diagonal_scatter", "diff", "digamma", "dist", "div", "divide",
    "dot", "double", "dropout", "dropout_", "dsplit", "dstack", "dtype", "e", "einsum", "embedding",
    "embedding_bag", "embedding_renorm_", "empty", "empty_cache", "empty_like", "empty_permuted",
    "empty_strided", "enable_grad", "eq", "equal", "erf", "erfc", "erfinv", "exp", "exp2",
    "expand_copy", "expm1", "eye", "feature_alpha_dropout", "feature_alpha_dropout_",
    "feature_dropout", "feature_dropout_", "fill", "finfo", "fix", "flatten", "flip", "fliplr",
    "flipud", "float", "float16", "float32", "float64", "float_power", "floor", "floor_divide",
    "fmax", "fmin", "fmod", "frac", "frexp", "from_dlpack", "from_numpy", "frombuffer", "full",
    "full_like", "func", "gather", "gcd", "ge", "ger", "get_default_dtype",
    "get_float32_matmul_precision", "get_num_threads", "get_printoptions", "get_rng_state",
    "gradient", "greater", "greater_equal", "grid_sampler",
    "grid_sampler_2d", "grid_sampler_3d", "group_norm", "gru", "gru_cell", "gt", "half",
    "hardshrink", "heaviside", "hinge_embedding_loss", "histc", "histogram", "histogramdd",
    "hsplit", "hstack", "hypot", "i0", "igamma", "igammac", "iinfo", "imag", "index_add",
    "index_copy", "index_fill", "index_put", "index_reduce", "index_select", "inf",
    "inference_mode", "initial_seed", "inner", "instance_norm", "int", "int16", "int32", "int64",
    "int8", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "is_complex", "is_conj",
    "is_floating_point", "is_grad_enabled", "is_inference_mode_enabled", "is_neg", "is_nonzero",
    "is_same_size", "is_storage", "is_tensor", "isclose", "isfinite", "isin", "isinf", "isnan",
    "isneginf", "isposinf", "isreal", "kl_div", "kron", "kthvalue", "layer_norm", "layout", "lcm",
    "ldexp", "le", "lerp", "less", "less_equal", "lgamma", "linalg", "linspace", "load", "log",
    "log10", "log1p", "log2", "log_softmax", "logaddexp", "logaddexp2", "logcumsumexp",
    "logical_and", "logical_not", "logical_or", "logical_xor", "logit", "logspace", "logsumexp",
    "long", "lstm", "lstm_cell", "lt", "manual_seed", "margin_ranking_loss", "masked_fill",
    "masked_scatter", "masked_select", "matmul", "matrix_exp", "matrix_power", "max", "max_pool1d",
    "max_pool1d_with_indices", "max_pool2d", "max_pool3d", "maximum", "mean", "median",
    "memory_format", "memory_stats", "meshgrid", "min", "minimum", "mkldnn_rnn_layer", "mm", "mode",
    "moveaxis", "movedim", "msort", "mul", "multinomial", "multiply", "mv", "mvlgamma", "nan",
    "nan_to_num",
    "nanmean", "nanmedian", "nanquantile", "nansum", "narrow", "narrow_copy", "native_batch_norm",
    "native_channel_shuffle", "native_dropout", "native_group_norm", "native_layer_norm", "ne",
    "neg", "negative", "newaxis", "nextafter", "nn", "no_grad", "nonzero", "nonzero_static", "norm",
    "normal", "not_equal", "numel", "ones", "ones_like", "optim", "outer", "pairwise_distance",
    "pdist", "permute", "permute_copy", "pi", "pixel_shuffle", "pixel_unshuffle",
    "poisson_nll_loss", "polygamma", "positive", "pow", "prelu", "preserve_format", "prod",
    "promote_types", "put", "quantile", "rad2deg", "rand", "rand_like", "randint", "randint_like",
    "randn", "randn_like", "random", "randperm", "ravel", "real", "reciprocal", "relu", "remainder",
    "renorm", "repeat_interleave", "reset_peak_memory_stats", "reshape", "resize_as_",
    "resolve_conj", "resolve_neg", "result_type", "return_types", "rms_norm", "rnn_relu",
    "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell", "roll", "rot90", "round", "row_stack", "rrelu",
    "rrelu_", "rsqrt", "rsub", "save", "scalar_tensor", "scatter", "scatter_add", "scatter_reduce",
    "searchsorted", "seed", "select", "select_copy", "select_scatter", "selu",
    "set_anomaly_enabled", "set_default_dtype", "set_default_tensor_type",
    "set_float32_matmul_precision",
    "set_flush_denormal", "set_grad_enabled", "set_num_threads", "set_printoptions",
    "set_rng_state", "sgn", "short", "sigmoid", "sign", "signbit", "sin",
    "sinc", "sinh", "slice_copy", "slice_scatter", "softmax", "sort", "special", "split",
    "split_copy", "split_with_sizes", "split_with_sizes_copy", "sqrt", "square", "square_",
    "squeeze", "squeeze_copy", "stack", "std", "std_mean", "strided", "sub", "subtract", "sum",
    "swapaxes", "swapdims", "t", "t_copy", "take", "take_along_dim", "tan", "tanh", "tensor",
    "tensor_split", "tensordot", "testing", "threshold", "tile", "topk", "trace", "transpose",
    "transpose_copy", "trapezoid", "trapz", "tril", "tril_indices", "triplet_margin_loss", "triu",
    "triu_indices", "true_divide", "trunc", "typename", "uint8", "unbind", "unbind_copy",
    "unflatten", "unfold_copy", "unique", "unique_consecutive", "unravel_index", "unsafe_chunk",
    "unsafe_split", "unsafe_split_with_sizes", "unsqueeze", "unsqueeze_copy", "utils",
    "vander", "var", "var_mean", "vdot", "view_copy", "vmap", "vsplit", "vstack", "where", "xlogy",
    "zero_", "zeros", "zeros_like",
]  # fmt: skip

_unswept.end()


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
