"""Statements that write: in-place forms, subscripts and scatters, `out=`, and changes of geometry.

The places of the text are those of `vocabulary.py`.
"""

__all__ = ["GEOMETRY", "NAMED", "OUT", "SCATTERS", "WRITES"]

WRITES = (
    "{x}.data.add_(1)", "{x}.data[0] = 2", "{x}.detach().mul_(2)", "{x}.detach()[0] = 1",
    "{x}.add_({n})", "{x}.mul_({n})", "{x}.zero_()", "{x}.tanh_()", "{x}.mul_({y})",
    "{x}.add_({y})", "{x}.sub_({y}, alpha=2)", "{x}.copy_({y})", "{x}.copy_({y})", "{x}.mul_({x})",
    "{x}.add_({x})", "{x}.fill_({n})", "{x}.fill_({y})", "{x}.exp_().clamp_(max=9)", "{x}.relu_()",
    "{x}.sigmoid_()", "{x} += {y}", "{x} *= {y}", "{x} *= 2", "{x} /= 2", "{x} -= {y}",
    "{x}.addcmul_({y}, {z})", "{x}.neg_()", "{x}.lerp_({y}, 0.25)", "{x}.clamp_(-1, 1)",
    "{x}.clamp_min_(0)", "{x}.square_()", "{x}.div_({y} * {y} + 1)", "{x}.pow_(2)", "{x}.abs_()",
    "{x}.addmm_({x}.clone(), {x}.clone())", "{x}.addmm_({y}, {z})", "{x}.mul_({y}).add_({x})",
    "{x}.atan2_({y})", "{x}.sign_()", "{x}.xlogy_({y})", "{x}.masked_fill_({y} > 0, 2)",
    "{x}.masked_fill_({y} > 0, {z})", "{x}.add_({y}, alpha=3)", "{x}.logical_not_()",
    "{x}.floor_()", "{x}.addcdiv_({y}, {z}.exp())", "{x}.eq_({y})", "{x}.gt_(0)",
    "torch.relu_({x})", "{x}.erfinv_().nan_to_num_()", "{x}.tril_()", "{x}.log1p_()",
    "{x}.remainder_(2)", "{x}.addr_({x}.sum(0), {x}.sum(1))", "{x}.copysign_({y}.nan_to_num())",
    "{x}.rsqrt_()", "{x}.sinh_()", "{x}.frac_()", "{x}.addr_({y}, {z})", "{x}.addmv_({y}, {z})",
)  # fmt: skip

ALONE = (
    "absolute", "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh",
    "asin", "asinh", "atan", "atanh", "bitwise_not", "ceil", "conj_physical", "cos", "cosh",
    "deg2rad", "digamma", "erf", "erfc", "exp2", "expm1", "fix", "i0", "lgamma", "log", "log10",
    "log2", "logit", "negative", "rad2deg", "reciprocal", "round", "sin", "sinc", "sqrt",
    "tan", "triu", "trunc", "nan_to_num",
)  # fmt: skip

WITH_ANOTHER = (
    "arctan2", "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "clamp_max", "clamp_min", "divide", "float_power", "floor_divide", "fmod", "gcd",
    "ge", "greater", "greater_equal", "heaviside", "hypot", "igamma", "igammac", "lcm", "ldexp",
    "le", "less", "less_equal", "logical_and", "logical_or", "logical_xor", "lt", "multiply", "ne",
    "nextafter", "not_equal", "subtract", "true_divide", "remainder", "pow", "gt", "xlogy",
)  # fmt: skip

WITH_A_NUMBER = (
    "bitwise_and", "bitwise_or", "bitwise_xor", "clamp_max", "divide", "eq", "float_power",
    "floor_divide", "fmod", "ge", "le", "lt", "multiply", "ne", "subtract", "true_divide", "pow",
    "bitwise_left_shift", "bitwise_right_shift", "arctan2", "hypot", "xlogy",
)  # fmt: skip

RANDOM = (
    "bernoulli_(0.0", "bernoulli_(1.0", "uniform_(0, 1", "normal_(0, 1", "random_(2, 3",
    "exponential_(1", "cauchy_(0, 1", "log_normal_(1, 0.5", "geometric_(0.5", "random_(9",
)  # fmt: skip

WITH_MORE = (
    "{x}.addbmm_({y}, {z})", "{x}.baddbmm_({y}, {z})", "{x}.baddbmm_({x}.clone(), {x}.clone())",
    "{x}.addbmm_({y}.unsqueeze(0), {z}.unsqueeze(0))", "{x}.clip_(0, 1)", "{x}.clip_({y}, {z})",
    "{x}.clamp_({y})", "{x}.clamp_(max={y})", "{x}.clamp_min_({y})", "{x}.clamp_max_({n})",
    "{x}.cumsum_({d})", "{x}.cumprod_({d})", "{x}.renorm_(2, {d}, 1.0)", "{x}.mvlgamma_(2)",
    "{x}.nan_to_num_(1.0, 2.0, -2.0)", "{x}.logit_(0.25)", "{x}.round_(decimals=1)",
    "{x}.polygamma_(1)", "{x}.triu_(1)", "{x}.tril_(-1)", "{x}.lerp_({y}, {z})",
    "{x}.div_({y}, rounding_mode='floor')", "{x}.div_(2, rounding_mode='trunc')",
    "{x}.addmv_({x}.clone(), {y})", "{x}.sub_({n})", "{x}.addcmul_({y}, {z}, value=0.5)",
    "{x}.addcdiv_({y}, {z} * {z} + 1, value=2)", "{x}.addmm_({y}, {z}, beta=0.5, alpha=2)",
    "{x}.fill_diagonal_({n})", "{x}.fill_diagonal_(1.5, wrap=True)", "{x}.fill_diagonal_(0)",
    "{x} **= 2", "{x} //= 2", "{x} %= {y}", "{x} &= {y}", "{x} |= {y}", "{x} ^= {y}", "{x} <<= 1",
    "{x} >>= 1", "{x} @= {y}", "torch.nn.functional.elu_({x})", "torch.nn.functional.celu_({x})",
    "torch.nn.functional.selu_({x})", "torch.nn.functional.hardtanh_({x})", "torch.celu_({x})",
    "torch.nn.functional.leaky_relu_({x})", "torch.threshold_({x}, 0, 1)",
    "torch.nn.functional.rrelu_({x}, training=False)", "torch.dropout_({x}, 0.0, True)",
    "torch.dropout_({x}, 0.5, False)", "torch.rrelu_({x})", "torch.alpha_dropout_({x}, 0.5, False)",
    "torch.feature_dropout_({x}, 0.5, False)", "torch.feature_alpha_dropout_({x}, 0.5, False)",
    "torch.nn.functional.silu({x}, inplace=True)", "torch.nn.functional.mish({x}, inplace=True)",
    "torch.nn.functional.hardswish({x}, inplace=True)", "torch.nn.functional.relu6({x}, True)",
    "torch.nn.functional.hardsigmoid({x}, inplace=True)",
    "torch.embedding_renorm_({x}, torch.tensor([0, 0]), 1.0, 2.0)",
    "torch.nn.init.constant_({x}, 2.5)", "torch.nn.init.ones_({x})",
    "{x}.sum_to_size({x}.shape).add_(1)", "{x}.expand(2, *{x}.shape).add_(1)",
    "{x}.expand(2, *{x}.shape).zero_()", "{x}[:1].expand_as({x}).mul_(2)",
)  # fmt: skip

NAMED = (
    *(f"{{x}}.{name}_()" for name in ALONE),
    *(f"{{x}}.{name}_({{y}})" for name in WITH_ANOTHER),
    *(f"{{x}}.{name}_({{n}})" for name in WITH_A_NUMBER),
    *(f"{{x}}.{call}, generator=torch.Generator().manual_seed(3))" for call in RANDOM),
    *WITH_MORE,
)  # fmt: skip
"""The in-place forms that a program seldom needs, each once."""

SCATTERS = (
    "{x}[{index}] = {y}", "{x}[{index}] = {y}", "{x}[{index}] = {n}", "{x}[{index}] = {y}.sum()",
    "{x}[{index}] = {y}[0]", "{x}[{index}] = {x}[{index}] * 2", "{x}[{index}] += {y}",
    "{x}[{index}] *= 2", "{x}[{index}] += 1", "{x}[{index}].mul_(2)", "{x}[{index}].zero_()",
    "{x}.index_put_((torch.tensor([0, 0]),), {y}, accumulate=True)", "{x}[0].copy_({y}[0])",
    "{x}.index_put_((torch.tensor([1, 0]),), {y})", "{x}.masked_scatter_({x} > 0, {y})",
    "{x}.index_put_((torch.tensor([0]), torch.tensor([0])), {y}.sum(), accumulate=True)",
    "torch.index_put_({x}, (torch.tensor([0]),), {y}[0])",
    "{x}.index_add_(0, torch.tensor([0, 0]), {y})", "{x}.index_copy_(0, torch.tensor([1, 0]), {y})",
    "{x}.index_add_(-1, torch.tensor([0, 1]), {y}, alpha=2)",
    "{x}.index_fill_(0, torch.tensor([0]), {n})",
    "{x}.index_fill_(0, torch.tensor([0]), {x}.sum())",
    "{x}.scatter_(0, torch.zeros_like({y}, dtype=torch.int64)[:1], {y})",
    "{x}.scatter_add_(0, torch.zeros_like({y}, dtype=torch.int64), {y})",
    "{x}.scatter_(0, torch.zeros_like({x}, dtype=torch.int64)[:1], {n})",
    "{x}.scatter_(0, torch.zeros_like({y}, dtype=torch.int64), {y}, reduce='add')",
    "{x}.scatter_(0, torch.zeros_like({x}, dtype=torch.int64)[:1], 2, reduce='multiply')",
    "{x}.scatter_reduce_(0, torch.zeros_like({y}, dtype=torch.int64), {y}, 'sum')",
    "{x}.scatter_reduce_(-1, torch.zeros_like({y}, dtype=torch.int64), {y}, 'mean')",
    "{x}.scatter_reduce_(0, torch.zeros_like({y}, dtype=torch.int64), {y}, 'prod')",
    ("{x}.scatter_reduce_(0, torch.zeros_like({y}, dtype=torch.int64), {y}, 'amin', "
     "include_self=False)"),
    "{x}.put_(torch.tensor([0, 1]), {y})", "{x}.put_(torch.tensor([0, 0]), {y}, accumulate=True)",
    "{x}.masked_scatter_({y} > 0, {z})", "{x}.index_reduce_(0, torch.tensor([0, 1]), {y}, 'amax')",
    "{x}.index_reduce_(0, torch.tensor([0, 0]), {y}, 'mean')",
    "{x}.index_reduce_(0, torch.tensor([0, 0]), {y}, 'prod', include_self=False)",
)  # fmt: skip

OUT = (
    "torch.mul({x}, 2, out={x})", "torch.add({x}, {x}.detach(), out={x})",
    "torch.tanh({x}.detach(), out={x})", "torch.cat([{x}.detach().clone()], out={x})",
    "torch.mul({y}, 2, out={x})", "torch.add({y}, {z}, out={x})", "torch.exp({y}, out={x})",
    "torch.cat([{y}, {z}], out={x})", "torch.sum({y}, 0, out={x})",
    "torch.cumsum({y}, 0, out={x})", "torch.mm({y}, {z}, out={x})",
    "torch.addmm({y}, {y}, {z}, out={x})",
    "torch.mul({y}, {z}, out={x}.mT)", "torch.add({y}, 1, out={x}[0])",
    "torch.neg({y}, out={x}[:1])", "torch.gt({y}, 0, out={x})", "torch.clamp({y}, -1, 1, out={x})",
    "torch.max({y}, 0, out=({x}, torch.tensor([0])))", "torch.where({y} > 0, {y}, {z}, out={x})",
    "torch.sort({y}, out=({x}, torch.tensor([0])))", "torch.ones(2, 3, out={x})",
    "torch.arange(4, out={x})", "torch.tril({y}, out={x})",
    "torch.masked_select({y}, {y} > 0, out={x})", "torch.gather({y}, 0, {y}.long() * 0, out={x})",
    "torch.sigmoid({y}, out={x}.detach())", "torch.sub({y}, {z}, out={x}.data)",
)  # fmt: skip

MOVES = (
    "{x}.t_()", "{x}.transpose_(0, -1)", "{x}.squeeze_()", "{x}.squeeze_({d})",
    "{x}.squeeze_((0, -1))", "{x}.unsqueeze_({d})", "{x}.as_strided_((2, 2), (1, 2))",
    "{x}.as_strided_((1,), (1,), 1)", "{x}.swapaxes_(0, -1)", "{x}.swapdims_(0, 1)",
    "torch.as_strided_({x}, (2,), (1,))", "{x}.detach_()", "{x}.detach_()", "torch.detach_({x})",
    "{x}.set_({y})", "{x}.set_({y}.detach())", "{x}.set_()", "{x}.set_({y}.untyped_storage())",
    "{x}.set_({y}, 0, (1,), (1,)).fill_(2)",
    "{x}.set_({y}.to({x}.dtype).untyped_storage(), 0, (1,)).fill_(1)", "{x}.data = {y}",
    "{x}.data = {y}.data", "{x}.data = {y}.detach().clone()", "{x}.data = {x}.data.mul(2)",
    "{x}.data = {x}.data[:1]", "{x}.data = {x}.data.float()", "{x}.data = {x}.data.double()",
    "{x}.data = {x}.mT", "{x}.requires_grad_()", "{x}.requires_grad_(False)",
    "{x}.requires_grad = True", "{x}.requires_grad = False",
)  # fmt: skip

RESIZED = (
    "resize_(0)", "resize_(1).zero_()", "resize_(1, 1).fill_(2)", "resize_(2, 3).zero_()",
    "resize_({y}.shape).zero_()", "resize_as_({y}).zero_()", "resize_as_({y}.mT).zero_()",
)  # fmt: skip

GEOMETRY = (*MOVES, *(f"{{x}}.{how}" for how in RESIZED))
