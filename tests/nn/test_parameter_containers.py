"""ParameterList and ParameterDict against PyTorch's."""

import pytest

from tests.oracle import same


@pytest.mark.parametrize(
    "f",
    [
        lambda torch, p: repr(p),
        lambda torch, p: list(p),
        lambda torch, p: p[0],
        lambda torch, p: p[-1],
        lambda torch, p: p[3],
        lambda torch, p: repr(p[1:]),
        lambda torch, p: p.__setitem__(1, torch.zeros(4)) or repr(p),
        lambda torch, p: repr(p.append(torch.zeros(4))),
        lambda torch, p: repr(p.extend([torch.zeros(4), 3])),
        lambda torch, p: p.extend(torch.zeros(4)),
        lambda torch, p: p.extend(3),
        lambda torch, p: repr(p.__iadd__([torch.zeros(4)])),
        lambda torch, p: [len(p), [n for n in dir(p) if n.isdigit()]],
        lambda torch, p: [name for name, _ in p.named_parameters()],
        lambda torch, p: p(3),
    ],
)
def test_list(f):
    same(lambda torch: f(torch, torch.nn.ParameterList([torch.ones(2, 3), torch.ones(()), "x"])))


@pytest.mark.parametrize(
    "f",
    [
        lambda torch, p: repr(p),
        lambda torch, p: [list(p), list(reversed(p)), list(p.keys()), len(p), "a" in p],
        lambda torch, p: list(p.values()),
        lambda torch, p: list(p.items()),
        lambda torch, p: p["z"],
        lambda torch, p: p[3],
        lambda torch, p: p.__setitem__("b", torch.zeros(4)) or repr(p),
        lambda torch, p: p.__delitem__("b") or repr(p),
        lambda torch, p: p.copy() is p or repr(p.copy()),
        lambda torch, p: p.setdefault("q", torch.ones(1)),
        lambda torch, p: p.get("q", 3),
        lambda torch, p: [p.pop("b"), repr(p)],
        lambda torch, p: [p.popitem()[0], repr(p)],
        lambda torch, p: p.clear() or repr(p),
        lambda torch, p: repr(p.fromkeys("xy", 3)),
        lambda torch, p: p.update({"z": torch.ones(1), "c": torch.ones(1)}) or repr(p),
        lambda torch, p: p.update([("z", torch.ones(1))]) or repr(p),
        lambda torch, p: p.update(3),
        lambda torch, p: p.update([3]),
        lambda torch, p: p.update(["abc"]),
        lambda torch, p: repr(p | torch.nn.ParameterDict({"b": torch.zeros(1)})),
        lambda torch, p: repr(p.__ior__(torch.nn.ParameterDict({"b": torch.zeros(1)}))),
        lambda torch, p: [name for name, _ in p.named_parameters()],
        lambda torch, p: p(3),
    ],
)
def test_dict(f):
    same(
        lambda torch: f(
            torch, torch.nn.ParameterDict({"b": torch.ones(2, 3), "a": torch.ones(()), "n": 3})
        )
    )
