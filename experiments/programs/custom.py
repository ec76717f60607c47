"""What programs use that no library has: custom Functions, and a module under any kind of hook."""

from collections.abc import Callable
from typing import Any, cast

__all__ = ["names"]


def names(torch: Any, log: list[Any]) -> dict[str, Any]:
    """The names for programs of one library; hooks write what they see to `log`."""
    whole = functions(torch) | dirty_functions(torch)
    return {**whole, "hooked": hooked(torch, log), "h": None}


def functions(torch: Any) -> dict[str, Any]:
    """Functions that return what is new, what they were given, or a view of that."""

    class Cube(torch.autograd.Function):
        """Of a backward that has a derivative itself."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * 3 * x * x

    class Exp(torch.autograd.Function):
        """Saves its result."""

        @staticmethod
        def forward(x: Any) -> Any:
            return x.exp()

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            del inputs
            ctx.save_for_backward(output)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.saved_tensors[0]

    class Once(torch.autograd.Function):
        """Whose derivative has none."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            del ctx
            return x * 2

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            del ctx
            return g * 2

    class Same(torch.autograd.Function):
        """Returns its input."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            del ctx
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            del ctx
            return g * 2

    class Seen(torch.autograd.Function):
        """Returns a view of its input."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.shape = x.shape
            return x.view(-1)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g.reshape(ctx.shape)

    return {f.__name__: f for f in (Cube, Exp, Once, Same, Seen)}


def dirty_functions(torch: Any) -> dict[str, Any]:
    """Functions that write to their input, return several results, or withhold a gradient."""

    class Dirty(torch.autograd.Function):
        """Doubles its input in place."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.mark_dirty(x)
            return x.mul_(2)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            del ctx
            return g * 2

    class Pair(torch.autograd.Function):
        """A new tensor, and a view of the input."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            del ctx
            return x * 2, x.view_as(x)

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            del ctx
            return g * 2 + h

    class Halved(torch.autograd.Function):
        """Two results, one of them without a gradient; gradients that did not come are None."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.set_materialize_grads(False)
            there = x > 0
            ctx.mark_non_differentiable(there)
            return x / 2, there

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            del ctx, h
            return None if g is None else g / 2

    class Lost(torch.autograd.Function):
        """Two inputs, one of which gets no gradient."""

        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            ctx.save_for_backward(x, y)
            return x * y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            _, y = ctx.saved_tensors
            return (g * y if ctx.needs_input_grad[0] else None), None

    return {f.__name__: f for f in (Dirty, Pair, Halved, Lost)}


def hooked(torch: Any, log: list[Any]) -> Callable[[Any, str], Any]:
    """A function that scales a tensor by a parameter, in a module under a hook of some kind."""

    class Scale(torch.nn.Module):
        def __init__(self) -> None:
            torch.nn.Module.__init__(self)
            self.weight = torch.nn.Parameter(torch.tensor(1.5))

        def forward(self, x: Any) -> Any:
            return x * self.weight

    def seen(kind: str) -> Callable[..., None]:
        def note(module: Any, *given: Any) -> None:
            shown = [None if t is None else t.detach().clone() for g in given for t in flat(g)]
            log.append((kind, type(module).__name__, shown))

        return note

    def changed(_: Any, *given: Any) -> Any:
        return tuple(None if t is None else t * 2 for t in flat(given[0]))

    def run(x: Any, kind: str) -> Any:
        module = Scale()
        name, _, change = kind.partition(" ")
        hook = changed if change else seen(name)
        if name.startswith("module_"):
            owner = torch.nn.hooks if hasattr(torch.nn, "hooks") else torch.nn.modules.module
            with getattr(owner, f"register_{name}")(hook):
                return module(x)
        getattr(module, f"register_{name}")(hook)
        return module(x)

    return run


def flat(given: Any) -> tuple[Any, ...]:
    """A tensor or several, as a tuple."""
    return cast("tuple[Any, ...]", given) if isinstance(given, tuple) else (given,)
