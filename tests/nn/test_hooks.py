"""Forward and backward hooks against PyTorch's."""

import pytest

import minitorch_np
from tests.oracle import same, sample


def twice(torch):
    """A module that takes two tensors and a keyword, and returns two."""

    class Twice(torch.nn.Module):
        def forward(self, a, b, *, scale=1.0):
            return a * b * scale, a + b

    return Twice()


@pytest.mark.parametrize(
    "register",
    [
        lambda m: m.register_forward_pre_hook(lambda m, args: (args[0] * 2, args[1])),
        lambda m: m.register_forward_pre_hook(lambda m, args: None),
        lambda m: m.register_forward_pre_hook(
            lambda m, args, kwargs: (args, {"scale": 3.0}), with_kwargs=True
        ),
        lambda m: m.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True),
        lambda m: m.register_forward_hook(lambda m, args, out: (out[0] * 2, out[1])),
        lambda m: m.register_forward_hook(
            lambda m, args, kwargs, out: (out[0] * kwargs["scale"], out[1]), with_kwargs=True
        ),
        lambda m: m.register_full_backward_hook(lambda m, gi, go: (gi[0] * 2, gi[1] * 3)),
        lambda m: m.register_full_backward_hook(lambda m, gi, go: (gi[0],)),
        lambda m: m.register_full_backward_pre_hook(lambda m, go: (go[0] * 2, go[1])),
        lambda m: m.register_full_backward_pre_hook(lambda m, go: (go[0],)),
    ],
)
def test_same_as_torch(register):
    def f(torch, a, b):
        module = twice(torch)
        handle = register(module)
        result = module(a, b, scale=2.0)
        result[0].backward(a.detach(), retain_graph=True)
        handle.remove()
        handle.remove()
        return *result, *module(a, b), a.grad, b.grad

    same(f, sample(2, 3), sample(2, 3, seed=1), grad=False)


def test_order_and_prepend():
    def f(torch, x):
        seen = []
        module = torch.nn.Linear(3, 2)

        def note(name):
            return lambda *args: seen.append(name)

        for prepend in (False, False, True):
            name = f"{prepend}"
            module.register_forward_pre_hook(note(f"pre {name}"), prepend=prepend)
            module.register_forward_hook(note(f"post {name}"), prepend=prepend)
            module.register_full_backward_pre_hook(note(f"back pre {name}"), prepend=prepend)
            module.register_full_backward_hook(note(f"back {name}"), prepend=prepend)
        module(x).sum().backward()
        return seen

    same(f, sample(4, 3), grad=False)


def test_gradients_that_hooks_see():
    def f(torch, a, b):
        seen = []
        module = twice(torch)
        module.register_full_backward_hook(lambda m, gi, go: seen.extend([*gi, *go]))
        out = module(a, b.detach())
        names = [t.grad_fn.name() for t in out]
        out[0].backward(a.detach())
        return [t for t in seen if t is not None], [t is None for t in seen], names, a.grad

    same(f, sample(2, 3), sample(2, 3, seed=1), grad=False)


def test_inputs_that_need_no_gradient():
    def f(torch, x):
        seen = []
        torch.manual_seed(0)
        module = torch.nn.Linear(3, 2)
        module.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go)))
        module(x).backward(torch.ones(4, 2))
        return seen[0][0], seen[0][1][0], module.weight.grad

    same(f, sample(4, 3, grad=False))


@pytest.mark.parametrize("result", [None, (None,), 3])
def test_what_a_hook_may_return_without_input_gradients(result):
    def f(torch, x):
        module = torch.nn.Linear(3, 2)
        module.register_full_backward_hook(lambda m, gi, go: result)
        module(x).sum().backward()
        return "fine"

    same(f, sample(4, 3, grad=False))


def test_no_view_of_a_hooked_output_is_written():
    module = minitorch_np.nn.Linear(2, 2)
    module.register_full_backward_hook(lambda m, gi, go: None)
    out = module(minitorch_np.ones(1, 2, requires_grad=True))
    with pytest.raises(RuntimeError, match="is a view and is being modified inplace"):
        out.add_(1)


def test_always_called():
    def f(torch, x):
        seen = []

        class Broken(torch.nn.Module):
            def forward(self, x):
                raise ValueError("broken")

        def angry(*args):
            raise RuntimeError("angry")

        module = Broken()
        module.register_forward_hook(lambda *args: seen.append("sometimes"))
        module.register_forward_hook(lambda *args: seen.append(args[2]), always_call=True)
        module.register_forward_hook(angry, always_call=True)
        try:
            module(x)
        except ValueError as error:
            seen.append(str(error))
        return seen

    same(f, sample(2))


GLOBAL = [
    ("register_module_forward_pre_hook", lambda m, args: (args[0] * 2,)),
    ("register_module_forward_hook", lambda m, args, out: out * 3),
    ("register_module_full_backward_hook", lambda m, gi, go: (gi[0] * 2,)),
    ("register_module_full_backward_pre_hook", lambda m, go: (go[0] * 5,)),
]


@pytest.mark.parametrize("name, hook", GLOBAL)
def test_hooks_of_every_module(name, hook):
    def f(torch, x):
        where = torch.nn.modules.module if hasattr(torch.nn, "modules") else torch.nn.hooks
        handle = getattr(where, name)(hook)
        try:
            module = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Tanh())
            out = module(x)
            out.backward(torch.ones(2, 3))
        finally:
            handle.remove()
        return out, x.grad

    same(f, sample(2, 3), grad=False)


@pytest.mark.parametrize("kind", ["parameter", "buffer", "module"])
def test_registration_hooks(kind):
    def f(torch):
        where = torch.nn.modules.module if hasattr(torch.nn, "modules") else torch.nn.hooks
        seen = []

        def hook(module, name, value):
            seen.append(name)

        handle = getattr(where, f"register_module_{kind}_registration_hook")(hook)
        try:
            module = torch.nn.Sequential(torch.nn.Linear(2, 2))
            module.register_buffer("b", torch.ones(1))
        finally:
            handle.remove()
        return seen

    same(f)
