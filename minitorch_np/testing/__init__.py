"""torch.testing's namespace, with gradcheck and gradgradcheck beside it."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.testing.comparison import assert_close
from minitorch_np.testing.gradcheck import GradcheckError, gradcheck, gradgradcheck
from minitorch_np.testing.samples import make_tensor

__all__ = ["GradcheckError", "assert_close", "gradcheck", "gradgradcheck", "make_tensor"]


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
