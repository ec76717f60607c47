"""What modules hold, by name, against PyTorch's."""

import pytest

from tests.oracle import same


def net(torch):
    """A module with everything: shared parameters, buffers of both kinds, absent entries."""

    class Inner(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(torch.ones(2))
            self.register_buffer("b", torch.zeros(3))
            self.register_buffer("hidden", torch.zeros(1), persistent=False)
            self.register_buffer("none", None)
            self.register_parameter("absent", None)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = Inner()
            self.second = Inner()
            self.again = self.first
            self.second.w = self.first.w
            self.own = torch.nn.Parameter(torch.ones(1))
            self.nothing = None
            self.number = 3
            self.add_module("0", Inner())

    return Net()


def names(pairs):
    return [name for name, _ in pairs]


@pytest.mark.parametrize(
    "f",
    [
        lambda torch, m: names(m.named_parameters()),
        lambda torch, m: names(m.named_parameters("p", remove_duplicate=False)),
        lambda torch, m: names(m.named_parameters(recurse=False)),
        lambda torch, m: names(m.named_buffers()),
        lambda torch, m: names(m.named_buffers("x", remove_duplicate=False)),
        lambda torch, m: names(m.named_modules()),
        lambda torch, m: names(m.named_modules(remove_duplicate=False, prefix="a")),
        lambda torch, m: names(m.named_children()),
        lambda torch, m: [len(list(m.parameters())), len(list(m.buffers()))],
        lambda torch, m: [len(list(m.modules())), len(list(m.children()))],
        lambda torch, m: [n for n in dir(m) if n in ("first", "own", "0", "number", "forward")],
        lambda torch, m: m.get_submodule("first") is m.again,
        lambda torch, m: m.get_submodule("") is m,
        lambda torch, m: m.get_submodule("first.x"),
        lambda torch, m: m.get_submodule("own"),
        lambda torch, m: m.get_parameter("second.w") is m.first.w,
        lambda torch, m: m.get_parameter("second.q"),
        lambda torch, m: m.get_parameter("second.b"),
        lambda torch, m: m.get_buffer("second.b"),
        lambda torch, m: m.get_buffer("second.w"),
        lambda torch, m: m.get_buffer("nix.b"),
        lambda torch, m: m.set_submodule("first.x", torch.nn.ReLU()) or names(m.named_modules()),
        lambda torch, m: m.set_submodule("first.x", torch.nn.ReLU(), strict=True),
        lambda torch, m: m.set_submodule("first.w", torch.nn.ReLU()),
        lambda torch, m: m.set_submodule("", torch.nn.ReLU()),
        lambda torch, m: m.set_submodule("first", 3),
        lambda torch, m: m.missing,
        lambda torch, m: m.register_parameter("own", None) or names(m.named_parameters()),
        lambda torch, m: m.register_parameter(3, None),
        lambda torch, m: m.register_parameter("a.b", None),
        lambda torch, m: m.register_parameter("", None),
        lambda torch, m: m.register_parameter("number", None),
        lambda torch, m: m.register_parameter("new", torch.ones(2)),
        lambda torch, m: m.register_parameter("new", 3),
        lambda torch, m: m.register_buffer(3, None),
        lambda torch, m: m.register_buffer("a.b", None),
        lambda torch, m: m.register_buffer("", None),
        lambda torch, m: m.register_buffer("first", None),
        lambda torch, m: m.register_buffer("new", 3),
        lambda torch, m: m.add_module(3, None),
        lambda torch, m: m.add_module("a.b", None),
        lambda torch, m: m.add_module("", None),
        lambda torch, m: m.add_module("number", None),
        lambda torch, m: m.add_module("new", 3),
        lambda torch, m: m.register_module("new", None) or names(m.named_modules()),
        lambda torch, m: setattr(m, "own", torch.ones(2)),
        lambda torch, m: setattr(m, "own", 3),
        lambda torch, m: setattr(m, "own", None) or names(m.named_parameters()),
        lambda torch, m: setattr(m, "first", 3),
        lambda torch, m: setattr(m, "first", None) or names(m.named_modules()),
        lambda torch, m: setattr(m.first, "b", 3),
        lambda torch, m: setattr(m.first, "b", None) or names(m.named_buffers()),
        lambda torch, m: setattr(m.first, "b", torch.ones(1)) or m.first.b,
        lambda torch, m: (
            setattr(m, "number", torch.nn.Parameter(torch.ones(1))) or names(m.named_parameters())
        ),
        lambda torch, m: (
            setattr(m.first, "b", torch.nn.Parameter(torch.ones(1)))
            or names(m.named_parameters()) + names(m.named_buffers())
        ),
        lambda torch, m: (
            setattr(m, "own", type("Own", (torch.nn.Module,), {})())
            or names(m.named_parameters()) + names(m.named_modules())
        ),
        lambda torch, m: (
            setattr(m, "new", torch.nn.Buffer(torch.ones(1), persistent=False))
            or [names(m.named_buffers()), list(m.state_dict())]
        ),
        lambda torch, m: setattr(m, "new", torch.ones(1)) or "new" in m.__dict__,
        lambda torch, m: delattr(m, "own") or names(m.named_parameters()),
        lambda torch, m: delattr(m, "first") or names(m.named_modules()),
        lambda torch, m: delattr(m.first, "b") or names(m.named_buffers()),
        lambda torch, m: delattr(m, "number") or hasattr(m, "number"),
        lambda torch, m: delattr(m, "missing"),
        lambda torch, m: m.register_parameter("new", m.own * 2),
    ],
)
def test_same_as_torch(f):
    same(lambda torch: f(torch, net(torch)))


@pytest.mark.parametrize(
    "name, value",
    [
        ("p", lambda torch: torch.nn.Parameter(torch.ones(1))),
        ("m", lambda torch: torch.nn.ReLU()),
        ("x", lambda torch: 3),
    ],
)
def test_assignment_before_init(name, value):
    def f(torch):
        class Early(torch.nn.Module):
            def __init__(self):
                setattr(self, name, value(torch))

        Early()
        return "fine"

    same(f)


@pytest.mark.parametrize("kind", ["register_buffer", "register_parameter"])
def test_registration_before_init(kind):
    def f(torch):
        class Early(torch.nn.Module):
            def __init__(self):
                getattr(self, kind)("x", None)

        Early()

    same(f)
