"""torch.autograd.functional's namespace: Jacobians, Hessians, and products with them."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.autograd.jacobian import hessian, jacobian
from minitorch_np.autograd.products import hvp, jvp, vhp, vjp

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
