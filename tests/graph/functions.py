"""Custom functions and logs of hooks that tests share, and what calls end in."""

from collections.abc import Callable
from typing import Any


def double(torch: Any, **own: Any) -> Any:
    """A Function that doubles its first argument, with other methods in `own`."""

    def forward(ctx: Any, x: Any, *rest: Any) -> Any:
        return x * 2

    def backward(ctx: Any, g: Any) -> Any:
        return (g * 2, *[None] * (len(ctx.needs_input_grad) - 1))

    methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    methods |= {
        name: staticmethod(f) if callable(f) and not isinstance(f, staticmethod) else f
        for name, f in own.items()
    }
    return type("Double", (torch.autograd.Function,), methods)


def outcomes(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returns, or the class and text of what it raises."""
    found = []
    for call in calls:
        try:
            found.append(call())
        except Exception as error:  # noqa: BLE001  # compared with the other library's
            found.append(f"{type(error).__name__}: {error}")
    return found


def exp(torch: Any, **own: Any) -> Any:
    """exp, which saves its argument and its result."""

    def forward(ctx: Any, x: Any) -> Any:
        y = x.exp()
        ctx.save_for_backward(x, None, y)
        return y

    def backward(ctx: Any, g: Any) -> Any:
        return g * ctx.saved_tensors[2]

    return double(torch, **{"forward": forward, "backward": backward, **own})


def writing(torch: Any, dirty: bool = True, **own: Any) -> Any:
    """A Function that doubles its first argument in place."""

    def forward(ctx: Any, x: Any, *rest: Any) -> Any:
        x.mul_(2)
        if dirty:
            ctx.mark_dirty(x)
        return x

    return double(torch, **{"forward": forward, **own})


class Log(list[Any]):
    """What hooks saw, one entry a call."""

    def tensor(self, name: str, change: Callable[[Any], Any] | None = None) -> Callable[..., Any]:
        """A hook on a tensor, which may return another gradient."""

        def hook(g: Any) -> Any:
            self.append((name, None if g is None else g.clone()))
            return None if change is None else change(g)

        return hook

    def node(self, name: str, change: Callable[..., Any] | None = None) -> Callable[..., Any]:
        """A hook on a node, which may return other gradients."""

        def hook(*several: Any) -> Any:
            self.append((name, [[None if g is None else g.clone() for g in gs] for gs in several]))
            return None if change is None else change(*several)

        return hook
