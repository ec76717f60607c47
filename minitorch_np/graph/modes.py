"""What is recorded just now, thread by thread: grad mode, inference mode, and watchers of ops."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import IntEnum
from types import TracebackType
from typing import Any, ClassVar, ParamSpec, Protocol, Self, TypeVar, cast, overload

from minitorch_np.graph.decorating import Decorator

__all__ = [
    "Creation",
    "Hooks",
    "OpMode",
    "RegisteredOp",
    "Task",
    "Switch",
    "debugging",
    "enable_grad",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "made",
    "no_grad",
    "over",
    "set_grad_enabled",
    "state",
    "sum_up",
    "write_around",
    "writes",
]

P = ParamSpec("P")
R = TypeVar("R")
A = Any

PLAIN, RECORD, WATCHED = 0, 1, 2

Hooks = tuple[Callable[..., object], Callable[[Any], object]]
"""How a saved tensor is packed and unpacked."""


class Creation(IntEnum):
    """How a view was made, which decides whether it may be written to in place.

    Source: torch/csrc/autograd/variable.h, CreationMeta.
    """

    DEFAULT = 0
    IN_CUSTOM_FUNCTION = 1
    MULTI_OUTPUT_NODE = 2
    NO_GRAD_MODE = 3
    INFERENCE_MODE = 4


class RegisteredOp(Protocol):
    """What a mode sees of an op: its torch name, its layout rule, and the op itself to call."""

    name: str
    layout: str

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Run the op as if this mode were not there."""
        ...


class OpMode:
    """A watcher of every registered op, those of backward included, while used with `with`.

    Override `__op__`; calling `op` runs it with this mode switched off and outer modes on.
    Ops built from other ops are seen as those. Like torch.utils._python_dispatch.TorchDispatchMode.
    """

    batches: ClassVar[bool] = False
    """Whether some tensors are one example's view of a batch inside it."""

    def __op__(
        self, op: RegisteredOp, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> object:
        """The result of the op; the default just runs it."""
        return op(*args, **kwargs)

    def __make__(
        self, function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
    ) -> object:
        """What a function that makes a new tensor, and is no op, gives; `__op__` for those."""
        return function(*args, **kwargs)

    def __enter__(self) -> Self:
        state.modes.append(self)
        state.route_again()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        state.modes.pop()
        state.route_again()


class Task(Protocol):
    """What hooks may know of the walk that calls them."""

    callbacks: list[Callable[[], object]] | None
    """What was asked to run after it."""
    depth: int
    """How many walks it is inside of, in its thread, itself included."""
    whole: bool
    """Whether it goes to every leaf, and so do all the walks that it is inside of."""


class _Over:
    """What higher layers do here: `batches` runs a walk for a batch of first gradients, `functions`
    a custom Function inside a function transform, `shown` gives the text of a tensor there, and
    `written` refuses a write, by an op of a name with its arguments, to what that captured."""

    batches: Callable[[Callable[[A], A], A], A]
    functions: Callable[[A, A], A]
    shown: Callable[[A], str]
    written: Callable[[str, tuple[object, ...], dict[str, object]], None]


over = _Over()

WATCHERS: set[int] = set()
"""The threads in which a mode watches, saved tensors are packed or inference is on; empty nearly
always, and read at once."""
WRITERS: set[int] = set()
"""Those threads, and the ones in which a function transform differentiates."""


def made(function: Callable[..., R], *args: object, **kwargs: object) -> R:
    """The tensor of a function such as zeros_like, under the modes that watch."""
    mode = state.modes.pop()
    state.route_again()
    try:
        return cast(R, mode.__make__(function, args, kwargs))
    finally:
        state.modes.append(mode)
        state.route_again()


def write_around(depth: int, function: Callable[..., object], *args: A, **kwargs: A) -> None:
    """Call a function that writes to what so many of the transforms that differentiate, the
    outermost, are to look at: it is none of the inner ones' business."""
    inside, state.derivatives = state.derivatives, depth
    state.route_again()
    try:
        function(*args, **kwargs)
    finally:
        state.derivatives = inside
        state.route_again()


def writes(name: str, *args: object) -> None:
    """Say that a function that is no op is about to write to its first argument.

    Raises: RuntimeError where a function transform rules that out.
    """
    if state.derivatives:
        over.written(name, args, {})


class _State(threading.local):
    """One thread's switches. `route` sums them up, so that an op reads one attribute:
    0 nothing is recorded, 1 ops record their history, 2 and 3 the same for a mode or inference,
    3 also where hooks pack what is saved.
    `write_route` is that of an op that writes to its argument: watched as well where a function
    transform differentiates. `transforms` counts those that run just now (vmap, grad, ...), and
    `derivatives` those of them that differentiate."""

    def __init__(self) -> None:
        self.grad = True
        self.inference = False
        self.modes: list[OpMode] = []
        self.packing: list[Hooks] = []
        self.unpackable: str | None = None
        """Why no hooks on saved tensors are allowed, where they are not."""
        self.threads = True
        """Whether a walk may go on in a thread of its own: see `graph.engine`."""
        self.task: Task | None = None
        """The walk that this thread is in, the innermost one."""
        self.transforms = 0
        self.derivatives = 0
        self.route = self.write_route = RECORD

    def record(self, grad: bool) -> None:
        """Let ops record their history from now on, or not."""
        if self.grad is not grad:
            self.grad = grad
            self.route_again()

    def route_again(self) -> None:
        """Sum the switches up anew, after one of them was set."""
        sum_up(self.__dict__)  # looked up once: each look is one through the thread


def sum_up(mine: dict[str, Any]) -> None:
    """`route_again` of the thread whose dict this is."""
    grad = mine["grad"]
    if not (WRITERS or mine["modes"] or mine["inference"] or mine["packing"]
            or mine["derivatives"]):  # fmt: skip
        mine["route"] = mine["write_route"] = RECORD if grad else PLAIN
        return
    watched = mine["modes"] or mine["inference"] or (grad and mine["packing"])
    plain = RECORD if grad else PLAIN
    mine["route"] = mine["write_route"] = plain + (WATCHED if watched else PLAIN)
    if watched:
        WATCHERS.add(threading.get_ident())
    elif WATCHERS:
        WATCHERS.discard(threading.get_ident())
    if mine["derivatives"]:
        mine["write_route"] = plain + WATCHED
    if watched or mine["derivatives"]:
        WRITERS.add(threading.get_ident())
    elif WRITERS:
        WRITERS.discard(threading.get_ident())


state = _State()


class _Debugging:
    """What every thread is asked to watch for; `graph.anomaly` puts it into effect."""

    anomaly = False
    check_nan = True
    recorder = False


debugging = _Debugging()


@contextmanager
def recording() -> Generator[None]:
    """A stretch of the engine's own in which history is recorded and no mode watches."""
    before = state.route, state.write_route
    state.route = state.write_route = RECORD
    try:
        yield
    finally:
        state.route, state.write_route = before


def is_grad_enabled() -> bool:
    """Whether ops record their history in this thread."""
    return state.grad


def is_inference_mode_enabled() -> bool:
    """Whether this thread is in inference mode."""
    return state.inference


class Switch(Decorator):
    """A context manager that is a decorator as well; each use restores what it found."""

    _before: list[tuple[bool, bool]]

    def _set(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> None:
        self._before.append((state.grad, state.inference))
        self._set()
        state.route_again()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        state.grad, state.inference = self._before.pop()
        state.route_again()


class Bare(Switch):
    """A switch that decorates without parentheses, too: given a function, it makes that one."""

    @overload
    def __new__(cls, orig_func: Callable[P, R]) -> Callable[P, R]: ...  # pyright: ignore[reportNoOverloadImplementation]  # as in PyTorch
    @overload
    def __new__(cls, orig_func: None = None) -> Self: ...
    def __new__(cls, orig_func: Callable[P, R] | None = None) -> Self | Callable[P, R]:
        """The switch, or what it makes of a function."""
        if orig_func is not None:
            return cls()(orig_func)
        made = object.__new__(cls)
        made._before = []
        return made


class no_grad(Bare):
    """A context, or decorator, in which no history is recorded."""

    def _set(self) -> None:
        state.grad = False


class enable_grad(Bare):
    """A context, or decorator, in which history is recorded again inside `no_grad`."""

    def _set(self) -> None:
        state.grad = True


class inference_mode(Switch):
    """A context, or decorator, in which nothing is recorded and results can never be.

    Tensors made inside are inference tensors: they have no version and cannot be saved for
    backward later. Given a function in place of `mode`, decorates that one.
    """

    mode: bool

    @overload
    def __new__(cls, mode: Callable[P, R]) -> Callable[P, R]: ...
    @overload
    def __new__(cls, mode: bool = True) -> Self: ...
    def __new__(cls, mode: bool | Callable[P, R] = True) -> Self | Callable[P, R]:
        """The switch, or what it makes of a function."""
        if not isinstance(mode, bool):
            return cls()(mode)
        made = object.__new__(cls)
        made._before = []
        made.mode = mode
        return made

    def clone(self) -> Self:
        """Another of these."""
        return type(self)(self.mode)

    def _set(self) -> None:
        state.inference = self.mode
        state.grad = not self.mode


class set_grad_enabled(Switch):
    """Grad mode set to `mode` from now on; as a context, until its end."""

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(
                "set_grad_enabled(): argument 'enabled' (position 1) must be bool, not "
                f"{type(mode).__name__}"
            )
        self.mode = mode
        self._before = [(state.grad, state.inference)]
        self._set()
        state.route_again()

    def clone(self) -> Self:
        """Another of these, which sets the mode at once."""
        return type(self)(self.mode)

    def _set(self) -> None:
        state.grad = self.mode

    def __enter__(self) -> None:
        self._set()
        state.route_again()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        state.grad, state.inference = self._before[-1]
        state.route_again()
        return super().__call__(function)

    def __repr__(self) -> str:
        return f"minitorch_np.autograd.grad_mode.{type(self).__name__}(mode={self.mode})"
