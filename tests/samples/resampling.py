"""Copies, padding, interpolation, scatter-reduce and what rearranges pixels."""

from collections.abc import Iterator
from typing import Any

from tests.samples.spec import Sample, one, x

__all__ = ["BACKWARD", "SAMPLES"]

IMAGE, VOLUME = x(2, 3, 4, 5), x(1, 2, 3, 4, 3)


def _padded() -> Iterator[Sample]:
    """Each padding op, with room for its borders, with and without a batch."""
    for mode, name in (("reflect", "reflection"), ("replicate", "replication")):
        for count, given in enumerate((x(2, 3, 4), IMAGE, VOLUME), 1):
            pads = (1, 2, -1, 1, 2, 0)[: 2 * count]
            f = lambda torch, a, p=pads, m=mode: torch.nn.functional.pad(a, p, m)  # noqa: E731
            single = given._replace(shape=(given.shape or ())[1:])
            yield one(f"{name}_pad{count}d", f, given)
            yield one(f"{name}_pad{count}d", f, single)
    constant: Any = lambda torch, a: torch.constant_pad_nd(a, (1, 2, -1, 0), 1)  # noqa: E731
    yield one("constant_pad_nd", constant, x())
    yield one("constant_pad_nd", lambda torch, a: torch.constant_pad_nd(a, (-1, 0)), IMAGE)


SAMPLES: list[Sample] = [*_padded()]

BACKWARD: dict[str, str] = {
    f"{name}_pad{count}d_backward": f"{name}_pad{count}d"
    for name in ("reflection", "replication")
    for count in (1, 2, 3)
}
