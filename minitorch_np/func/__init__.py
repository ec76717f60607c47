"""torch.func's namespace: functions of functions, such as `vmap`, `grad`, `jvp` and `hessian`."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.func import captured as _captured
from minitorch_np.func import custom as _custom
from minitorch_np.func import elementwise as _elementwise
from minitorch_np.func import indexing as _indexing
from minitorch_np.func import losses as _losses
from minitorch_np.func import products as _products
from minitorch_np.func import reducing as _reducing
from minitorch_np.func import shaping as _shaping
from minitorch_np.func import weighted as _weighted
from minitorch_np.func import windows as _windows
from minitorch_np.func.batched import debug_unwrap
from minitorch_np.func.functional_call import functional_call, stack_module_state
from minitorch_np.func.gradients import grad, grad_and_value, vjp
from minitorch_np.func.jacobians import hessian, jacfwd, jacrev
from minitorch_np.func.pushforward import jvp, linearize
from minitorch_np.func.vmap import vmap

__all__ = [
    "debug_unwrap", "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev",
    "jvp", "linearize", "stack_module_state", "vjp", "vmap",
]  # fmt: skip

_RULES = (
    _captured, _custom, _elementwise, _indexing, _losses, _products, _reducing, _shaping, _weighted,
    _windows,
)  # fmt: skip
"""The modules that hold rules, and what lower layers ask; they register when they are imported."""


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
