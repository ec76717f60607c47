"""Seeding and state of the engine against PyTorch's generator."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from minitorch_np.mersenne import Mersenne


def outcome(f: Callable[[], object]) -> object:
    try:
        return f()
    except (RuntimeError, TypeError, ValueError) as error:
        return type(error), str(error)


@pytest.mark.parametrize(
    "seed",
    [
        *(0, 1, 5489, -1, 2**32 - 1, 2**32, 2**32 + 7, 2**63, 2**64 - 1, -(2**63)),
        *(2**64, -(2**63) - 1, 1.5, "a", True, None, np.int64(3)),
    ],
)
def test_manual_seed(seed):
    ours, theirs = Mersenne(), torch.Generator()
    a, b = outcome(lambda: ours.manual_seed(seed)), outcome(lambda: theirs.manual_seed(seed))
    assert a is ours or a == b
    assert ours.initial_seed() == theirs.initial_seed()
    np.testing.assert_array_equal(ours.state_bytes(), theirs.get_state().numpy(), strict=True)


def test_seed_is_fresh():
    g = Mersenne()
    seeds = [g.seed(), g.seed()]
    assert seeds[0] != seeds[1] == g.initial_seed()
    np.testing.assert_array_equal(
        Mersenne().manual_seed(seeds[1]).state_bytes(), g.state_bytes(), strict=True
    )


@pytest.mark.parametrize("n", [0, 1, 3, 623, 624, 625, 2000])
def test_draws(n):
    g, t = Mersenne().manual_seed(9), torch.Generator().manual_seed(9)
    kinds = {
        "words": torch.empty(n, dtype=torch.int64).random_(2**28 - 1, generator=t),
        "words64": torch.empty(n, dtype=torch.int64).random_(-(2**63), None, generator=t),
        "floats": torch.rand(n, generator=t),
        "doubles": torch.rand(n, dtype=torch.float64, generator=t),
    }
    ours = {
        "words": (g.words(n) % np.uint64(2**28 - 1)).view(np.int64),
        "words64": g.words64(n).view(np.int64),
        "floats": g.floats(n),
        "doubles": g.doubles(n),
    }
    for name, theirs in kinds.items():
        np.testing.assert_array_equal(ours[name], theirs.numpy(), strict=True)
    np.testing.assert_array_equal(g.state_bytes(), t.get_state().numpy(), strict=True)


@pytest.mark.parametrize("drawn", [0, 1, 3, 622, 623, 624, 625, 1248, 1249])
def test_state_crosses_between_the_libraries(drawn):
    t = torch.Generator().manual_seed(11)
    torch.empty(drawn).uniform_(generator=t)
    torch.empty(drawn % 2).normal_(generator=t)
    g = Mersenne().set_state_bytes(t.get_state().numpy())
    assert (g.kept_normal is not None) == drawn % 2
    np.testing.assert_array_equal(g.state_bytes(), t.get_state().numpy(), strict=True)
    back = torch.Generator().set_state(torch.from_numpy(g.state_bytes()))
    for other in (t, back):
        ours = Mersenne().set_state_bytes(g.state_bytes())
        np.testing.assert_array_equal(ours.floats(5), torch.rand(5, generator=other).numpy())
        np.testing.assert_array_equal(ours.state_bytes(), other.get_state().numpy())


def test_errors_of_a_state():
    good = torch.Generator().get_state()
    unseeded, late, used_up = good.clone(), good.clone(), good.clone()
    unseeded[12] = 0
    late[16:18] = 3
    used_up[8:12] = 0
    for state in (
        torch.zeros(5),
        torch.zeros(5, dtype=torch.uint8),
        torch.zeros(5056, dtype=torch.uint8),
        torch.zeros(2 * 5056, dtype=torch.uint8)[::2],
        unseeded,
        late,
        used_up,
    ):
        theirs = outcome(lambda s=state: torch.Generator().set_state(s))
        assert isinstance(theirs, tuple)
        assert outcome(lambda s=state: Mersenne().set_state_bytes(s.numpy())) == theirs
    g = Mersenne().set_state_bytes(good.reshape(2, -1).numpy())
    np.testing.assert_array_equal(g.state_bytes(), good.numpy())
