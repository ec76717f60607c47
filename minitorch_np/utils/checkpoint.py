"""torch.utils.checkpoint: functions that run again in backward, instead of saving tensors.

Source: torch/utils/checkpoint.py.
"""

import functools
import traceback
import warnings
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NoReturn, cast

from minitorch_np.absent import absent
from minitorch_np.autograd.function import Function
from minitorch_np.graph.backward import backward
from minitorch_np.graph.modes import OpMode, RegisteredOp, enable_grad, no_grad, state
from minitorch_np.graph.recompute import CheckpointError, Forgetting, Frame, GraphExecGroup
from minitorch_np.nn.containers import Sequential
from minitorch_np.random import fork_rng, get_rng_state, set_rng_state
from minitorch_np.tensor import Tensor

__all__ = [
    "CheckpointError", "CheckpointFunction", "GraphExecGroup", "check_backward_validity",
    "checkpoint", "checkpoint_sequential", "detach_variable", "noop_context_fn",
    "set_checkpoint_debug_enabled", "set_checkpoint_early_stop",
]  # fmt: skip

Contexts = tuple[AbstractContextManager[Any], AbstractContextManager[Any]]
A = Any  # what the functions of users take and return

_early_stop: bool | None = None
_debug: bool | None = None


@contextmanager
def set_checkpoint_early_stop(enable: bool) -> Generator[None]:
    """A context in which checkpoints that are made stop running again as soon as all tensors that
    they dropped are there, or never do, whatever they are told."""
    global _early_stop
    before = _early_stop
    try:
        _early_stop = enable
        yield
    finally:
        _early_stop = before


@contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Generator[None]:
    """A context in which checkpoints tell which ops ran when the two runs differ, or do not; None
    leaves it to their `debug`."""
    global _debug
    before = _debug
    try:
        _debug = enabled
        yield
    finally:
        _debug = before


def detach_variable(inputs: tuple[A, ...]) -> tuple[A, ...]:
    """The inputs, with the tensors among them cut from their history; flags are kept.

    Raises: RuntimeError for what is no tuple.
    """
    if not isinstance(inputs, tuple):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise RuntimeError(
            "Only tuple of tensors is supported. Got Unsupported input type: "
            f"{type(inputs).__name__}"
        )
    found: list[A] = []
    for one in inputs:
        if isinstance(one, Tensor):
            wanted = one.requires_grad
            one = one.detach()
            one.requires_grad = wanted
        found.append(one)
    return tuple(found)


def check_backward_validity(inputs: Iterable[A]) -> None:
    """Warn where none of the inputs requires a gradient."""
    if not any(one.requires_grad for one in inputs if isinstance(one, Tensor)):
        warnings.warn(
            "None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2
        )


class CheckpointFunction(Function):
    """The reentrant checkpoint: nothing is recorded, and backward runs a backward of its own."""

    @staticmethod
    def forward(ctx: A, run_function: A, preserve_rng_state: bool, *args: A) -> A:
        """What `run_function(*args)` returns."""
        check_backward_validity(args)
        ctx.run_function = run_function
        ctx.preserve_rng_state = preserve_rng_state
        if preserve_rng_state:
            ctx.generator = get_rng_state()
        ctx.inputs = [None if isinstance(a, Tensor) else a for a in args]
        ctx.tensor_indices = [at for at, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.save_for_backward(*[a for a in args if isinstance(a, Tensor)])
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: A, *args: A) -> A:
        """The gradients of the arguments. Raises: RuntimeError inside of `grad()`, or of a
        `backward()` that was given inputs, for the inner one goes to all leaves."""
        if state.task is not None and not state.task.whole:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or "
                "passing an `inputs` parameter to .backward(). To resolve this error, you can "
                "either set use_reentrant=False, or call .backward() without passing the `inputs` "
                "argument."
            )
        given = list(ctx.inputs)
        for at, tensor in zip(ctx.tensor_indices, ctx.saved_tensors, strict=True):
            given[at] = tensor
        with fork_rng(enabled=ctx.preserve_rng_state):
            if ctx.preserve_rng_state:
                set_rng_state(ctx.generator)
            inputs = detach_variable(tuple(given))
            with enable_grad():
                outputs = ctx.run_function(*inputs)
        several: tuple[A, ...] = (outputs,) if isinstance(outputs, Tensor) else outputs
        pairs = [
            (out, grad)
            for out, grad in zip(several, args, strict=False)
            if isinstance(out, Tensor) and out.requires_grad
        ]
        if not pairs:
            raise RuntimeError(
                "none of output has requires_grad=True, this checkpoint() is not necessary"
            )
        backward([out for out, _ in pairs], [grad for _, grad in pairs])
        return (None, None, *[a.grad if isinstance(a, Tensor) else None for a in inputs])


def noop_context_fn() -> Contexts:
    """Two contexts that do nothing."""
    return nullcontext(), nullcontext()


class _Checkpointed:
    """A function that runs checkpointed; of a class, a method."""

    def __init__(self, function: Callable[..., A], **options: A) -> None:
        self.function = function
        self.options = options
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: A, **kwargs: A) -> A:
        return _run(self.function, args, kwargs, **self.options)

    def __get__(self, instance: object, owner: type | None = None) -> "_Checkpointed":
        bind = getattr(self.function, "__get__", None)
        if instance is None or bind is None:
            return self
        return _Checkpointed(bind(instance, owner), **self.options)


def checkpoint(
    function: Callable[..., A] | None = None,
    *args: A,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
    context_fn: Callable[[], Contexts] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    respect_saved_tensors_hooks: bool | None = None,
    **kwargs: A,
) -> A:
    """What `function(*args, **kwargs)` returns, without keeping the tensors it saves: backward
    runs it again. Without a function, a decorator.

    `context_fn()` gives a context for each run; `determinism_check` is 'default' or 'none'.
    Raises: CheckpointError, in backward, where the two runs save different tensors.
    """
    options: dict[str, A] = {
        "use_reentrant": use_reentrant, "preserve_rng_state": preserve_rng_state,
        "context_fn": context_fn, "determinism_check": determinism_check, "debug": debug,
        "early_stop": early_stop, "respect_saved_tensors_hooks": respect_saved_tensors_hooks,
    }  # fmt: skip
    if function is None and not args:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        return functools.partial(_Checkpointed, **options)
    return _run(cast("Callable[..., A]", function), args, kwargs, **options)


def _run(
    function: Callable[..., A],
    args: tuple[A, ...],
    kwargs: dict[str, A],
    *,
    use_reentrant: bool | None,
    preserve_rng_state: bool,
    context_fn: Callable[[], Contexts],
    determinism_check: str,
    debug: bool,
    early_stop: bool,
    respect_saved_tensors_hooks: bool | None,
) -> A:
    if use_reentrant is None:
        later = "calling checkpoint without use_reentrant will raise an exception"
        what = "torch.utils.checkpoint: the use_reentrant parameter"
        warnings.warn(f"{what} {_EXPLICIT.format(later)}", stacklevel=3)
        use_reentrant = True
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        given = context_fn is not noop_context_fn or debug is not False
        if given or respect_saved_tensors_hooks is not None:
            raise ValueError(
                "Passing `context_fn`, `debug`, or `respect_saved_tensors_hooks` is only "
                "supported when use_reentrant=False."
            )
        return CheckpointFunction.apply(function, preserve_rng_state, *args)
    on_error = None
    if debug if _debug is None else _debug:
        if context_fn is not noop_context_fn:
            raise ValueError("debug=True is incompatible with non-default context_fn")
        logs = _Log(), _Log()
        context_fn, on_error = (lambda: logs), functools.partial(_tell, *logs)
    if determinism_check not in _CHECKS:
        raise ValueError(
            f"determinism_check should be one of {list(_CHECKS)}, but got {determinism_check}"
        )
    forward_context, recompute_context = context_fn()
    generator = get_rng_state() if preserve_rng_state else None

    def recompute(*args: A) -> None:
        with fork_rng(enabled=generator is not None):
            if generator is not None:
                set_rng_state(generator)
            with recompute_context:
                function(*args, **kwargs)

    if not state.grad:
        return function(*args, **kwargs)
    stops = early_stop if _early_stop is None else _early_stop
    frame = Frame(recompute, stops, _CHECKS[determinism_check], on_error)
    frame.keep(args)
    return _forward(frame, forward_context, functools.partial(function, *args, **kwargs))


def _forward(frame: Frame, context: AbstractContextManager[A], run: Callable[[], A]) -> A:
    """The first run, under the context that the caller gave for it."""
    failed = False
    result: A = None
    with Forgetting(frame), context:
        try:
            result = run()
        except BaseException:
            failed = True
            raise
    if failed:
        raise RuntimeError(
            "torch.utils.checkpoint: the forward context provided by context_fn suppressed an "
            "exception raised during the checkpointed forward. This is not supported because "
            "checkpoint cannot return a value for a failed forward."
        )
    frame.completed = True
    return result


_EXPLICIT = (
    "should be passed explicitly. In a future release, {}. use_reentrant=False is recommended, but "
    "if you need to preserve the current default behavior, you can pass use_reentrant=True. Refer "
    "to docs for more details on the differences between the two variants."
)


def _facts(tensor: Tensor) -> dict[str, object]:
    return {"shape": tensor.shape, "dtype": tensor.dtype, "device": tensor.device}


_CHECKS: dict[str, Callable[[Tensor], object]] = {"default": _facts, "none": lambda _: None}


class _Log(OpMode):
    """Writes down each op that runs, with the shapes it is given, and the place in the source."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.places: list[str] = []

    def __op__(
        self, op: RegisteredOp, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> object:
        """Write it down and run it."""
        given = [*map(_short, args), *[f"{name}={_short(value)}" for name, value in kwargs.items()]]
        self.lines.append(f"{op.name}({', '.join(given)})")
        self.places.append("".join(traceback.format_list(traceback.extract_stack()[:-3])))
        return op(*args, **kwargs)


def _short(value: object) -> str:
    if isinstance(value, Tensor):
        return f"{value.dtype}[{', '.join(map(str, value.sizes))}]"
    return repr(value)


def _tell(first: _Log, second: _Log, error: CheckpointError) -> NoReturn:
    """Raise an error with all ops of both runs. Source: _checkpoint_error_template."""
    why = "because you passed `debug=True` to `torch.utils.checkpoint.checkpoint()`."
    parts = [
        f"An error happened while unpacking tensors; dumping logs of latest computation\n{why}"
    ]
    for name, log in ("original forward", first), ("recomputation", second):
        parts += [f"Stack traces of the operators that ran in the {name}:"]
        parts += [f"{line}\n{place}" for line, place in zip(log.lines, log.places, strict=True)]
    for name, log in ("the original forward", first), ("recomputation", second):
        parts += [f"Operations executed during {name}:", "\n".join(log.lines)]
    parts += ["ERROR: Detected non-determinism while running activation checkpointing"]
    raise CheckpointError("\n\n".join(parts)) from error


def checkpoint_sequential(
    functions: Sequential | Sequence[Callable[[A], A]],
    segments: int,
    input: A,
    use_reentrant: bool | None = None,
    **kwargs: A,
) -> A:
    """What `functions` make of `input`, one after the other, in so many segments of which all but
    the last are checkpointed. `preserve_rng_state` may be given."""
    if use_reentrant is None:
        later = "we will raise an exception if use_reentrant is not passed"
        what = "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter"
        warnings.warn(f"{what} {_EXPLICIT.format(later)}", stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    several = list(functions.children()) if isinstance(functions, Sequential) else functions

    def part(start: int, end: int) -> Callable[[A], A]:
        def forward(input: A) -> A:
            for at in range(start, end):
                input = several[at](input)
            return input

        return forward

    size = len(several) // segments
    end = 0
    for start in range(0, size * (segments - 1), size):
        end = start + size
        input = checkpoint(
            part(start, end), input, use_reentrant=use_reentrant, preserve_rng_state=preserve
        )
    return part(end, len(several))(input)


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
