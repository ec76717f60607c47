"""Convolution and pooling."""

from collections.abc import Iterator
from typing import Any

from tests.samples.spec import In, Sample, drawn, one, whole, x

__all__ = ["BACKWARD", "SAMPLES"]


def functional(op: str, name: str, *given: In, **options: Any) -> Sample:
    """`torch.nn.functional.name(*tensors, **options)`."""
    return one(op, lambda torch, *t: getattr(torch.nn.functional, name)(*t, **options), *given)


def convolutions() -> Iterator[Sample]:
    """One, two and three dims, and what a window can do in each."""
    for name, given in (
        ("conv1d", (x(2, 4, 5), x(6, 4, 3), x(6))),
        ("conv2d", (x(2, 4, 5, 4), x(6, 4, 3, 2), x(6))),
        ("conv3d", (x(2, 4, 3, 4, 3), x(6, 4, 2, 2, 1), x(6))),
    ):
        yield functional("convolution", name, *given)
        yield functional("convolution", name, *given[:2], stride=2, padding=2, dilation=2)
    for name, given in (
        ("conv_transpose1d", (x(2, 4, 5), x(4, 3, 3), x(3))),
        ("conv_transpose2d", (x(2, 4, 3, 4), x(4, 3, 3, 2), x(3))),
        ("conv_transpose3d", (x(2, 4, 2, 3, 3), x(4, 3, 2, 2, 1), x(3))),
    ):
        yield functional("convolution", name, *given)
        yield functional("convolution", name, *given[:2], stride=3, padding=1, output_padding=2)
    yield functional("convolution", "conv2d", x(2, 4, 5, 4), x(6, 2, 2, 2), x(6), groups=2)
    yield functional("convolution", "conv2d", x(2, 4, 5, 4), x(3, 4, 1, 1), x(3))
    yield functional("convolution", "conv2d", x(2, 4, 5, 4), x(3, 4, 3, 1), padding="same")
    yield functional("convolution", "conv2d", x(4, 5, 4), x(3, 4, 2, 2))
    yield functional(
        "convolution", "conv_transpose2d", x(2, 4, 3, 4), x(4, 3, 2, 2), x(6), groups=2, dilation=2
    )
    yield functional("convolution", "conv_transpose2d", x(2, 4, 3, 4), x(4, 3, 1, 1))


def pools() -> Iterator[Sample]:
    """Pooling by the largest element and by the mean."""
    line, flat, solid = x(2, 3, 7), x(2, 3, 6, 5), x(2, 2, 4, 5, 4)
    for name, given in (("max_pool2d", flat), ("max_pool3d", solid)):
        op = f"{name}_with_indices"
        yield functional(op, name, given, kernel_size=2)
        yield functional(op, name, given, kernel_size=3, stride=1, padding=1, return_indices=True)
        yield functional(op, name, given, kernel_size=2, dilation=2, padding=1, ceil_mode=True)
    for name, given in (("avg_pool2d", flat), ("avg_pool3d", solid)):
        yield functional(name, name, given, kernel_size=2)
        yield functional(name, name, given, kernel_size=3, stride=2, padding=1, ceil_mode=True)
        yield functional(
            name, name, given, kernel_size=3, stride=1, padding=1, count_include_pad=False
        )
        yield functional(name, name, given, kernel_size=3, stride=2, divisor_override=-4)
    yield functional("avg_pool2d", "avg_pool2d", x(3, 6, 5), kernel_size=(3, 2), stride=2)
    yield functional("avg_pool2d", "avg_pool1d", line, kernel_size=3, stride=2)
    for name, given, to in (
        ("adaptive_avg_pool2d", flat, (3, 2)), ("adaptive_avg_pool3d", solid, (3, 2, 3)),
    ):  # fmt: skip
        yield functional(f"{name}_kernel", name, given, output_size=to)
        yield functional("mean", name, given, output_size=1)
    for name, given, to in (
        ("adaptive_max_pool2d", flat, (4, 3)), ("adaptive_max_pool3d", solid, (3, 2, 3)),
    ):  # fmt: skip
        yield functional(name, name, given, output_size=to)
        yield functional(name, name, given, output_size=1, return_indices=True)
    yield functional("adaptive_avg_pool2d_kernel", "adaptive_avg_pool1d", line, output_size=4)
    yield functional("adaptive_max_pool2d", "adaptive_max_pool1d", line, output_size=4)
    yield functional("max_pool2d_with_indices", "max_pool2d", x(3, 6, 5), kernel_size=3, stride=2)
    yield functional("max_pool2d_with_indices", "max_pool1d", line, kernel_size=3, stride=2)
    yield functional("max_pool1d_forward", "max_pool1d", x(2, 3, 7, grad=False), kernel_size=2)


def others() -> Iterator[Sample]:
    """Fractional pooling, unpooling, and windows as columns."""
    for name, given, to in (
        ("fractional_max_pool2d", x(2, 3, 6, 5), (3, 2)),
        ("fractional_max_pool3d", x(2, 2, 4, 5, 4), (2, 3, 2)),
    ):
        for indices in (False, True):
            options = {"kernel_size": 2, "output_size": to, "return_indices": indices}
            yield drawn(
                name, lambda torch, t, n=name, o=options: getattr(torch.nn.functional, n)(t, **o),
                given,
            )  # fmt: skip
    yield functional(
        "max_unpool2d", "max_unpool2d", x(1, 1, 2, 2), whole([[[0, 3], [9, 14]]]), kernel_size=2
    )
    yield functional("max_unpool2d", "max_unpool1d", x(1, 3), whole([2, 0, 5]), kernel_size=2)
    yield functional(
        "max_unpool3d", "max_unpool3d", x(1, 1, 2, 1, 2), whole([[[[0, 3]], [[9, 14]]]]),
        kernel_size=2,
    )  # fmt: skip
    yield functional("im2col", "unfold", x(2, 3, 5, 4), kernel_size=(2, 3))
    yield functional("im2col", "unfold", x(3, 5, 4), kernel_size=2, dilation=2, padding=1, stride=2)
    yield functional("col2im", "fold", x(2, 12, 12), output_size=(5, 4), kernel_size=2)
    yield functional(
        "col2im", "fold", x(12, 6), output_size=(5, 4), kernel_size=2, dilation=2, padding=1,
        stride=2,
    )  # fmt: skip


SAMPLES: list[Sample] = [*convolutions(), *pools(), *others()]

BACKWARD: dict[str, str] = {
    "adaptive_avg_pool2d_backward": "adaptive_avg_pool2d_kernel",
    "adaptive_avg_pool3d_backward": "adaptive_avg_pool3d_kernel",
    "adaptive_max_pool2d_backward": "adaptive_max_pool2d",
    "adaptive_max_pool3d_backward": "adaptive_max_pool3d",
    "avg_pool2d_backward": "avg_pool2d",
    "avg_pool3d_backward": "avg_pool3d",
    "convolution_bias_backward": "convolution",
    "convolution_input_backward": "convolution",
    "convolution_weight_backward": "convolution",
    "fractional_max_pool2d_backward": "fractional_max_pool2d",
    "fractional_max_pool3d_backward": "fractional_max_pool3d",
    "max_pool2d_with_indices_backward": "max_pool2d_with_indices",
    "max_pool3d_with_indices_backward": "max_pool3d_with_indices",
}
