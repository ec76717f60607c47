"""torch.backends.cuda where CUDA is not: whether products may use TF32 is kept, and changes nothing
here."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.devices import type_name
from minitorch_np.precision import get_float32_matmul_precision, set_float32_matmul_precision

__all__ = ["is_built", "matmul"]


def is_built() -> bool:
    """False."""
    return False


class _Matmul:
    """How CUDA may multiply matrices."""

    @property
    def allow_tf32(self) -> bool:
        """Whether the precision of float32 products is not the highest; setting one sets both.

        Raises: RuntimeError for what is no bool.
        """
        return get_float32_matmul_precision() != "highest"

    @allow_tf32.setter
    def allow_tf32(self, allowed: bool) -> None:
        if not isinstance(allowed, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            told = f"expects a bool, but got {type_name(allowed)}"
            raise RuntimeError(f"set_allow_tf32_cublas {told}")
        set_float32_matmul_precision("high" if allowed else "highest")

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"Unknown attribute {name}")


matmul = _Matmul()


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
