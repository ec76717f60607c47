"""Calling modules, their repr, and copies of them, against PyTorch's."""

import copy
import gc
import pickle
import weakref

import pytest

import minitorch_np
from tests.oracle import same, sample


def test_forward_is_required():
    same(lambda torch, x: torch.nn.Module()(x), sample(2))


@pytest.mark.parametrize(
    "f",
    [
        lambda torch: torch.nn.Module(3),
        lambda torch: torch.nn.Module(a=3),
        lambda torch: torch.nn.Module().train(3),
        lambda torch: torch.nn.Module().training,
        lambda torch: torch.nn.Sequential(torch.nn.ReLU()).eval()[0].training,
        lambda torch: repr(torch.nn.Module()),
        lambda torch: torch.nn.Module().extra_repr(),
        lambda torch: torch.nn.Module().get_extra_state(),
    ],
)
def test_same_as_torch(f):
    same(f)


def test_repr():
    def f(torch):
        nn = torch.nn

        class Lines(nn.Module):
            def extra_repr(self):
                return "a=1,\n\nb=2"

        class Both(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = Lines()
                self.b = nn.Sequential(nn.Linear(2, 3), nn.Sequential(Lines(), nn.ReLU()))
                self.none = None

            def extra_repr(self):
                return "one line"

        return [repr(m) for m in (Lines(), Both(), nn.Sequential())]

    same(f)


def test_call_super_init():
    def f(torch):
        class Other:
            def __init__(self, x):
                self.x = x

        class Both(torch.nn.Module, Other):
            call_super_init = True

        return Both(x=3).x

    same(f)


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy])
def test_copies(copied):
    def f(torch, x):
        torch.manual_seed(0)
        module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU())
        other = copied(module)
        with torch.no_grad():
            other[0].weight.add_(1)
        return module(x), other(x), other[0].weight is module[0].weight, repr(other)

    same(f, sample(4, 3))


def test_pickle():
    module = minitorch_np.nn.Sequential(minitorch_np.nn.Linear(3, 2), minitorch_np.nn.ReLU())
    module.register_forward_hook(hook_of_module_level)
    other = pickle.loads(pickle.dumps(module))
    x = minitorch_np.ones(1, 3)
    assert minitorch_np.equal(other(x), module(x)) and len(other._forward_hooks) == 1


def hook_of_module_level(module, args, output):
    """Functions that are pickled have to be found by name."""
    return output * 2


def test_a_module_dies_without_the_collector():
    gc.disable()
    try:
        module = minitorch_np.nn.Linear(2, 2)
        dead = weakref.ref(module)
        module(minitorch_np.ones(1, 2)).sum().backward()
        del module
        assert dead() is None
    finally:
        gc.enable()


def test_apply_visits_children_first():
    def f(torch):
        seen = []
        module = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Sequential(torch.nn.Tanh()))
        module.apply(lambda m: seen.append(type(m).__name__))
        return seen

    same(f)
