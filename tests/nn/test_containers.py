"""Sequential, ModuleList and ModuleDict against PyTorch's."""

from collections import OrderedDict

import pytest

from tests.oracle import plain, same, sample


def three(torch):
    torch.manual_seed(0)
    return torch.nn.Linear(3, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2)


SEQUENTIAL = [
    lambda torch, s: s[0] is s[-3],
    lambda torch, s: repr(s[1:]),
    lambda torch, s: repr(s[::2]),
    lambda torch, s: s[3],
    lambda torch, s: s[-4],
    lambda torch, s: s["a"],
    lambda torch, s: s.__setitem__(1, torch.nn.Tanh()) or repr(s),
    lambda torch, s: s.__setitem__(5, torch.nn.Tanh()),
    lambda torch, s: s.__delitem__(0) or repr(s),
    lambda torch, s: s.__delitem__(slice(0, 2)) or repr(s),
    lambda torch, s: s.__delitem__(5),
    lambda torch, s: [len(s), [type(m).__name__ for m in s]],
    lambda torch, s: repr(s.append(torch.nn.Tanh())),
    lambda torch, s: repr(s.insert(1, torch.nn.Tanh())),
    lambda torch, s: repr(s.insert(-1, torch.nn.Tanh())),
    lambda torch, s: s.insert(9, torch.nn.Tanh()),
    lambda torch, s: repr(s.extend([torch.nn.Tanh(), torch.nn.ReLU()])),
    lambda torch, s: [type(s.pop(1)).__name__, repr(s)],
    lambda torch, s: repr(s + torch.nn.Sequential(torch.nn.Tanh())),
    lambda torch, s: s + 3,
    lambda torch, s: s.__iadd__(3),
    lambda torch, s: repr(s.__iadd__(torch.nn.Sequential(torch.nn.Tanh()))),
    lambda torch, s: repr(s * 2),
    lambda torch, s: repr(2 * s),
    lambda torch, s: repr(s.__imul__(2)),
    lambda torch, s: s * 0,
    lambda torch, s: [name for name in dir(s) if name.isdigit()],
    lambda torch, s: list(s.state_dict()),
]


def compared(f):
    """Class reprs say the package: in error texts they are compared without the path."""

    def g(torch):
        try:
            return f(torch)
        except (ValueError, TypeError) as error:
            text = plain(str(error)).replace("torch.nn.modules.container", "torch.nn.containers")
            return type(error).__name__, text

    same(g)


@pytest.mark.parametrize("f", SEQUENTIAL)
def test_sequential(f):
    compared(lambda torch: f(torch, torch.nn.Sequential(*three(torch))))


def test_sequential_call():
    same(lambda torch, x: torch.nn.Sequential(*three(torch))(x), sample(4, 3))


def test_sequential_of_names():
    def f(torch):
        names = OrderedDict(zip("abc", three(torch), strict=True))
        module = torch.nn.Sequential(names)
        return repr(module), repr(module[1:]), list(module.state_dict())

    same(f)


@pytest.mark.parametrize(
    "f",
    [
        lambda torch, s: repr(s),
        lambda torch, s: repr(torch.nn.ModuleList()),
        lambda torch, s: repr(torch.nn.ModuleList([torch.nn.ReLU() for _ in range(3)])),
        lambda torch, s: repr(
            torch.nn.ModuleList([torch.nn.Sequential(torch.nn.ReLU()) for _ in range(3)])
        ),
        lambda torch, s: s[0] is s[-3],
        lambda torch, s: repr(s[1:]),
        lambda torch, s: s[3],
        lambda torch, s: s.__setitem__(1, torch.nn.Tanh()) or repr(s),
        lambda torch, s: s.__delitem__(0) or repr(s),
        lambda torch, s: s.__delitem__(slice(0, 2)) or repr(s),
        lambda torch, s: s.insert(1, torch.nn.Tanh()) or repr(s),
        lambda torch, s: repr(s.append(torch.nn.Tanh())),
        lambda torch, s: repr(s.extend([torch.nn.Tanh()])),
        lambda torch, s: s.extend(3),
        lambda torch, s: repr(s.__iadd__([torch.nn.Tanh()])),
        lambda torch, s: repr(s + [torch.nn.Tanh()]),
        lambda torch, s: [type(s.pop(1)).__name__, repr(s), len(s)],
        lambda torch, s: s.append(3),
        lambda torch, s: s(3),
        lambda torch, s: list(s.state_dict()),
    ],
)
def test_module_list(f):
    same(lambda torch: f(torch, torch.nn.ModuleList(three(torch))))


@pytest.mark.parametrize(
    "f",
    [
        lambda torch, d: repr(d),
        lambda torch, d: [list(d), list(d.keys()), len(d), "a" in d, "z" in d],
        lambda torch, d: [type(m).__name__ for m in d.values()],
        lambda torch, d: [(k, type(m).__name__) for k, m in d.items()],
        lambda torch, d: d.__setitem__("z", torch.nn.Tanh()) or repr(d),
        lambda torch, d: d.__delitem__("a") or repr(d),
        lambda torch, d: d["q"],
        lambda torch, d: [type(d.pop("b")).__name__, repr(d)],
        lambda torch, d: d.clear() or repr(d),
        lambda torch, d: d.update({"b": torch.nn.Tanh(), "y": torch.nn.ReLU()}) or repr(d),
        lambda torch, d: d.update([("b", torch.nn.Tanh())]) or repr(d),
        lambda torch, d: d.update(torch.nn.ModuleDict({"x": torch.nn.Tanh()})) or repr(d),
        lambda torch, d: d.update(3),
        lambda torch, d: d.update([3]),
        lambda torch, d: d.update([("a", torch.nn.Tanh(), 3)]),
        lambda torch, d: list(d.state_dict()),
    ],
)
def test_module_dict(f):
    same(lambda torch: f(torch, torch.nn.ModuleDict(dict(zip("abc", three(torch), strict=True)))))
