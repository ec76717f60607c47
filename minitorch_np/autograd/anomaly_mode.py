"""Anomaly mode, PyTorch's, and the flight recorder, ours: where a failing backward came from.

Source: torch/autograd/anomaly_mode.py.
"""

import functools
import warnings
from collections.abc import Callable
from typing import ParamSpec, Self, TypeVar

from minitorch_np.graph.anomaly import (
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    is_flight_recorder_enabled,
    set_anomaly_enabled,
    switch_recorder,
)
from minitorch_np.graph.modes import debugging

__all__ = [
    "detect_anomaly", "flight_recorder", "is_flight_recorder_enabled", "set_detect_anomaly",
    "set_flight_recorder",
]  # fmt: skip

P = ParamSpec("P")
R = TypeVar("R")


class detect_anomaly:
    """A context in which a failing backward shows the forward call that its node came from.

    The forward pass must run inside as well. With `check_nan`, a gradient with NaN is an error.
    The flight recorder is on, too: see `flight_recorder`. For debugging: ops cost several times as
    much. Raises: TypeError when entered with a `check_nan` that is no bool.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.prev = is_anomaly_enabled()
        self.check_nan = check_nan
        self.prev_check_nan = is_anomaly_check_nan_enabled()
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        set_anomaly_enabled(True, self.check_nan)

    def __exit__(self, *args: object) -> None:
        set_anomaly_enabled(self.prev, self.prev_check_nan)


class set_detect_anomaly:
    """Anomaly mode switched on or off from now on; as a context, until its end.

    Raises: TypeError for arguments that are no bools.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.prev = is_anomaly_enabled()
        self.prev_check_nan = is_anomaly_check_nan_enabled()
        set_anomaly_enabled(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *args: object) -> None:
        set_anomaly_enabled(self.prev, self.prev_check_nan)


class set_flight_recorder:
    """The flight recorder switched on or off, in every thread, from now on or until a context ends.

    While it is on, each write in place, view and recorded op is noted with its line. A backward
    that finds a saved tensor changed, or freed, then says in a note on PyTorch's error who saved
    it, who wrote to it since and through which view, or who freed it. Off, it costs nothing; on,
    half a microsecond for each write and recorded op, and twice that for a view that is recorded:
    of small tensors a fifth of an op's time, or two fifths of a write's. PyTorch has no such thing.
    Raises: TypeError for a mode that is no bool.
    """

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(f"set_flight_recorder(): mode must be bool, not {type(mode).__name__}")
        self.prev = debugging.recorder
        switch_recorder(mode)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        switch_recorder(self.prev)


class flight_recorder:
    """A context, or decorator, in which the flight recorder is on: see `set_flight_recorder`."""

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> Self:
        self._before.append(debugging.recorder)
        switch_recorder(True)
        return self

    def __exit__(self, *args: object) -> None:
        switch_recorder(self._before.pop())

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """`function`, with the recorder on while it runs."""

        @functools.wraps(function)
        def recorded(*args: P.args, **kwargs: P.kwargs) -> R:
            with flight_recorder():
                return function(*args, **kwargs)

        return recorded
