"""All kinds of hooks on modules at once: a log of their calls, in PyTorch's order."""

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import pytest

from tests.graph.functions import outcomes
from tests.oracle import same, sample


def place(torch: Any) -> Any:
    """Where the hooks of every module are registered."""
    return torch.nn.modules.module if hasattr(torch.nn, "modules") else torch.nn.hooks


def copied(value: Any) -> Any:
    """What a hook was given, as it was then."""
    if isinstance(value, (tuple, list)):
        return [copied(one) for one in value]
    if isinstance(value, dict):
        return {key: copied(one) for key, one in value.items()}
    if hasattr(value, "detach"):
        return value.detach().clone()
    return type(value).__name__ if hasattr(value, "forward") else value


class Log(list[Any]):
    """What hooks saw, one entry a call."""

    def hook(self, name: str, change: Callable[..., Any] | None = None) -> Callable[..., Any]:
        """A hook of any kind, which may return something."""

        def hook(*given: Any) -> Any:
            self.append((name, copied(given)))
            return None if change is None else change(*given)

        return hook


GLOBAL = ["forward_pre_hook", "forward_hook", "full_backward_pre_hook", "full_backward_hook"]


@contextmanager
def everywhere(torch: Any, log: Log) -> Iterator[None]:
    """Hooks of every kind on every module."""
    with ExitStack() as handles:
        for kind in GLOBAL:
            register = getattr(place(torch), f"register_module_{kind}")
            for nr in (1, 2):
                handles.enter_context(register(log.hook(f"every {kind} {nr}")))
        yield


def hooked(torch: Any, module: Any, log: Log, name: str) -> Any:
    """The module with hooks of every kind, the last of which go first."""
    for kind in GLOBAL:
        register = getattr(module, f"register_{kind}")
        register(log.hook(f"{name} {kind} 1"))
        register(log.hook(f"{name} {kind} 2"))
        register(log.hook(f"{name} {kind} first"), prepend=True)
    return module


def network(torch: Any, log: Log) -> Any:
    """Three modules, one inside another, all hooked."""
    torch.manual_seed(0)
    inner = torch.nn.Sequential(
        hooked(torch, torch.nn.Linear(3, 2), log, "linear"),
        hooked(torch, torch.nn.Tanh(), log, "tanh"),
    )
    return hooked(torch, inner, log, "inner")


@pytest.mark.parametrize("needs", [True, False])
@pytest.mark.parametrize("every", [True, False])
def test_every_kind_of_hook(every: bool, needs: bool) -> None:
    def f(torch: Any, x: Any) -> Any:
        log = Log()
        net = network(torch, log)
        if every:
            with everywhere(torch, log):
                net(x).sum().backward()
        else:
            net(x).sum().backward()
        with torch.no_grad():
            net(x)
        return log, x.grad, [p.grad for p in net.parameters()]

    same(f, sample(4, 3, grad=needs), grad=False)


class Pair(NamedTuple):
    """A result with names."""

    one: Any
    other: Any


RESULTS: dict[str, Callable[[Any, Any], Any]] = {
    "a tensor": lambda x, y: x * y,
    "a tuple": lambda x, y: (x * y, x + y),
    "a tuple of one": lambda x, y: (x * y,),
    "with others": lambda x, y: (x * y, 3, None, x.detach() * 2),
    "names": lambda x, y: Pair(x * y, x + y),
    "a list": lambda x, y: [x * y],
    "a dict": lambda x, y: {"a": x * y},
    "an argument": lambda x, y: x,
    "no tensor": lambda x, y: 3,
    "without a gradient": lambda x, y: (x * y).detach(),
    "integers": lambda x, y: (x * y, (x * 3).long()),
}


def layer(torch: Any, case: str) -> Any:
    """A module of two arguments."""

    class Layer(torch.nn.Module):
        def forward(self, x: Any, y: Any = 2, **_: Any) -> Any:
            return RESULTS[case](x, y)

    return Layer()


def flat(value: Any) -> list[Any]:
    """The values in a result."""
    if isinstance(value, dict):
        value = list(value.values())
    return list(value) if isinstance(value, (tuple, list)) else [value]


@pytest.mark.parametrize("kinds", ["full", "pre", "both", "regular"])
@pytest.mark.parametrize("given", ["both", "first", "second", "a number", "a keyword"])
@pytest.mark.parametrize("case", RESULTS)
def test_arguments_and_results(case: str, given: str, kinds: str) -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        log = Log()
        module = layer(torch, case)
        if kinds in ("full", "both"):
            module.register_full_backward_hook(log.hook("full"))
        if kinds in ("pre", "both"):
            module.register_full_backward_pre_hook(log.hook("pre"))
        if kinds == "regular":
            module.register_backward_hook(log.hook("regular"))
        if given == "a number":
            out = module(x, 3)
        elif given == "a keyword":
            out = module(x, y=y)
        else:
            out = module(x, y)
        names = [
            (t.grad_fn and t.grad_fn.name(), t._is_view(), t.requires_grad)
            for t in flat(out)
            if isinstance(t, torch.Tensor)
        ]
        for t in flat(out):
            if isinstance(t, torch.Tensor) and t.requires_grad:
                (t * t).sum().backward(retain_graph=True)
        found = [outcomes(lambda t=t: t.mul_(2)) for t in flat(out) if isinstance(t, torch.Tensor)]
        return type(out).__name__, names, log, x.grad, y.grad, found

    x = sample(2, 3, grad=given != "second")
    same(f, x, sample(2, 3, seed=1, grad=given != "first"), grad=False)


CHANGES: dict[str, tuple[str, Callable[..., Any]]] = {
    "both gradients": ("full", lambda m, gi, go: (gi[0] * 2, gi[1] * 3)),
    "a list": ("full", lambda m, gi, go: [gi[0] * 2, gi[1]]),
    "one None": ("full", lambda m, gi, go: (None, gi[1])),
    "too few": ("full", lambda m, gi, go: (gi[0],)),
    "a tensor": ("full", lambda m, gi, go: gi[0]),
    "a number": ("full", lambda m, gi, go: 3),
    "another shape": ("full", lambda m, gi, go: (gi[0].sum(), gi[1])),
    "outputs": ("pre", lambda m, go: (go[0] * 2, go[1])),
    "a list of outputs": ("pre", lambda m, go: [go[0] * 2, go[1]]),
    "too few outputs": ("pre", lambda m, go: (go[0],)),
    "no outputs": ("pre", lambda m, go: (None, None)),
    "outputs of another dtype": ("pre", lambda m, go: (go[0].double(), go[1])),
}


@pytest.mark.parametrize("case", CHANGES)
def test_replaced_gradients(case: str) -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        log = Log()
        kind, change = CHANGES[case]
        module = layer(torch, "a tuple")
        register = getattr(
            module, "register_full_backward_hook" if kind == "full" else
            "register_full_backward_pre_hook")  # fmt: skip
        register(log.hook("first", change))
        register(log.hook("second"))
        a, b = module(x, y)
        found = outcomes(lambda: (a.sum() + (b * 2).sum()).backward())
        return found, log, x.grad, y.grad

    same(f, sample(2, 3), sample(2, 3, seed=1), grad=False)


def test_second_derivatives_through_hooks() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        log = Log()
        module = layer(torch, "a tuple")
        module.register_full_backward_hook(log.hook("full", lambda m, gi, go: (gi[0] * 2, gi[1])))
        module.register_full_backward_pre_hook(log.hook("pre"))
        a, b = module(x, y)
        (g,) = torch.autograd.grad((a * b).sum(), x, create_graph=True)
        (g * g).sum().backward()
        return log, g, x.grad, y.grad

    same(f, sample(2, 3), sample(2, 3, seed=1), grad=False)


def test_going_backward_twice() -> None:
    def f(torch: Any, x: Any) -> Any:
        log = Log()
        net = network(torch, log)
        out = net(x).sum()
        out.backward(retain_graph=True)
        log.append("again")
        out.backward()
        return log, x.grad

    same(f, sample(4, 3), grad=False)


def test_always_called_after_an_error() -> None:
    def f(torch: Any, x: Any, where: str) -> Any:
        log = Log()

        def angry(*_: Any) -> Any:
            raise ValueError(where)

        class Broken(torch.nn.Module):
            def forward(self, x: Any, scale: Any = 1) -> Any:
                if where == "forward":
                    raise ValueError("forward")
                return x * scale

        module = Broken()
        module.register_forward_pre_hook(lambda m, args: (args[0] * 2,))
        if where == "pre":
            module.register_forward_pre_hook(angry)
        every = place(torch).register_module_forward_hook
        handles = [
            every(log.hook("every", lambda m, args, out: 5), always_call=True),
            every(log.hook("every, with keywords"), always_call=True, with_kwargs=True),
            every(log.hook("every, not always")),
        ]
        if where == "hook":
            module.register_forward_hook(angry)
        module.register_forward_hook(log.hook("mine"), always_call=True)
        module.register_forward_hook(
            log.hook("mine, with keywords", lambda *_: 7), always_call=True, with_kwargs=True
        )
        module.register_forward_hook(angry, always_call=True)
        module.register_forward_hook(log.hook("mine, not always"))
        module.register_forward_hook(log.hook("first"), prepend=True, always_call=True)
        module.register_full_backward_hook(log.hook("back"))
        try:
            found = outcomes(lambda: module(x, scale=3))
        finally:
            for handle in handles:
                handle.remove()
        return found, log, len(module._forward_hooks_always_called)

    for where in ("forward", "pre", "hook", "always"):
        same(f, sample(3), where, grad=False)


def test_a_global_hook_that_takes_keywords_wrongly() -> None:
    def f(torch: Any, x: Any) -> Any:
        log = Log()

        class Broken(torch.nn.Module):
            def forward(self, x: Any, scale: Any = 1) -> Any:
                raise ValueError("forward")

        def strict(module: Any, args: Any, kwargs: Any, out: Any) -> None:
            log.append("called")

        register = place(torch).register_module_forward_hook
        with register(strict, always_call=True, with_kwargs=True):
            found = outcomes(lambda: Broken()(x, scale=3))
        return found, log

    same(f, sample(3), grad=False)


def test_handles_take_the_marks_off() -> None:
    def f(torch: Any) -> Any:
        m = torch.nn.ReLU()
        one = m.register_forward_hook(print, with_kwargs=True, always_call=True)
        two = m.register_forward_pre_hook(print, with_kwargs=True)
        marks = [
            m._forward_hooks, m._forward_hooks_with_kwargs, m._forward_hooks_always_called,
            m._forward_pre_hooks, m._forward_pre_hooks_with_kwargs,
        ]  # fmt: skip
        before = [len(d) for d in marks], [len(h.__getstate__()[2]) for h in (one, two)]
        one.remove()
        two.remove()
        return before, [len(d) for d in marks]

    same(f)


def test_hooks_that_come_and_go_during_a_call() -> None:
    def f(torch: Any, x: Any) -> Any:
        log = Log()
        module = torch.nn.ReLU()
        handles: dict[str, Any] = {}

        def leave(*_: Any) -> None:
            log.append("leave")
            handles["next"].remove()
            module.register_forward_hook(log.hook("new"))

        module.register_forward_hook(leave)
        handles["next"] = module.register_forward_hook(log.hook("next"))
        module(x)
        log.append("again")
        module(x)
        return log

    same(f, sample(3), grad=False)


def test_regular_hooks_of_every_module() -> None:
    def f(torch: Any, x: Any) -> Any:
        log = Log()
        where = place(torch)
        with where.register_module_backward_hook(log.hook("every")):
            net = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Tanh())
            net[1].register_backward_hook(log.hook("mine"))
            net[0].register_full_backward_hook(log.hook("full"))
            net(x).sum().backward()
            refused = outcomes(lambda: where.register_module_full_backward_hook(print))
        return log, x.grad, refused, outcomes(lambda: where.register_module_full_backward_hook(len))

    same(f, sample(3), grad=False)


def test_the_two_kinds_for_every_module_exclude_each_other() -> None:
    def f(torch: Any) -> Any:
        where = place(torch)
        where.register_module_full_backward_hook(print).remove()
        return outcomes(lambda: where.register_module_backward_hook(print))

    same(f)


def test_modules_with_hooks_are_copied() -> None:
    def f(torch: Any, x: Any) -> Any:
        torch.manual_seed(0)
        module = torch.nn.Linear(3, 2)
        seen: list[str] = []
        handle = module.register_forward_hook(lambda *_: seen.append("called"))
        twin = copy.deepcopy(module)
        handle.remove()
        module(x)
        twin(x)
        return seen, len(module._forward_hooks), len(twin._forward_hooks)

    same(f, sample(2, 3), grad=False)


def test_hooks_of_the_state_dict() -> None:
    def f(torch: Any) -> Any:
        log: list[Any] = []
        net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Sequential(torch.nn.Linear(2, 1)))

        def pre(m: Any, prefix: Any, keep: Any) -> None:
            log.append(("pre", type(m).__name__, prefix, keep))

        def post(m: Any, state: Any, prefix: Any, meta: Any) -> None:
            log.append(("post", type(m).__name__, list(state), prefix, dict(meta)))

        def load(m: Any, state: Any, prefix: Any, meta: Any, strict: Any, *lists: Any) -> None:
            log.append(("load", type(m).__name__, len(state), prefix, strict, lists))

        def loaded(m: Any, keys: Any) -> Any:
            log.append(("loaded", type(m).__name__, *[list(k) for k in keys]))
            keys.missing_keys.clear()

        for m in net.modules():
            m.register_state_dict_pre_hook(pre)
            m.register_state_dict_post_hook(post)
            m.register_load_state_dict_pre_hook(load)
            m.register_load_state_dict_post_hook(loaded)
        state = net.state_dict(prefix="p.", keep_vars=True)
        state = net.state_dict()
        del state["0.bias"]
        log.append(str(net.load_state_dict(state)))
        net[0].register_state_dict_post_hook(lambda *_: 3)
        log.append(outcomes(net.state_dict))
        net[0].register_load_state_dict_post_hook(lambda *_: 3)
        log.append(outcomes(lambda: net.load_state_dict(state)))
        return log

    same(f)
