"""The ops that resample images, one for each mode and number of dims, and their gradients.

PyTorch has them all with the scales of each dim as arguments of their own, which their nodes save.
Source: aten/src/ATen/native/UpSample*.cpp.
"""

from collections.abc import Callable

from minitorch_np.op import Recorded, op
from minitorch_np.ops.upsample import upsampled, upsampled_backward
from minitorch_np.shapes import Shape
from minitorch_np.tensor import Tensor

__all__ = ["ALIGNED", "NEAREST", "Form"]

Run = Callable[..., Tensor]
Form = Recorded[..., Tensor]
"""An op whose arguments after the tensor are the sizes, then perhaps `align_corners`, the scales.
"""


def registered(name: str, node: str, run: Run, like: str) -> Form:
    """The op `name`, whose result is that of `run`."""
    run.__name__ = run.__qualname__ = name
    run.__doc__ = f"{like} Source: aten/src/ATen/native/UpSample*.cpp."
    return op("suggested", method=False, node=node)(run)


def pair(name: str, forward: Run, backward: Run, text: str) -> tuple[Form, Form]:
    """The ops `name` and `name`_backward."""
    words = name.removesuffix("_aa").strip("_").replace("1d", "1D").replace("2d", "2D")
    node = "".join(w[0].upper() + w[1:] for w in words.replace("3d", "3D").split("_"))
    node += "Aa" if name.endswith("_aa") else ""
    return (
        registered(name, f"{node}Backward0", forward, text),
        registered(
            f"{name}_backward", f"{node}BackwardBackward0", backward, f"The gradient of `{name}`."
        ),
    )


def nearest_1d(name: str, mode: str) -> Form:
    """The op `name` for (N, C, W), without `align_corners`."""

    def forward(input: Tensor, output_size: Shape, scales: float | None = None) -> Tensor:
        return upsampled(input, output_size, (scales,), mode, False)

    def backward(
        grad_output: Tensor, output_size: Shape, input_size: Shape, scales: float | None = None
    ) -> Tensor:
        scales_ = (scales,)
        return upsampled_backward(grad_output, output_size, input_size, scales_, mode, False)

    there, back = pair(name, forward, backward, "(N, C, W) of another size, by nearest elements.")
    there.vjp(
        input=lambda g, input_shape, output_size, scales: back(g, output_size, input_shape, scales)
    )
    there.jvp("linear")
    back.vjp(grad_output=lambda g, output_size, scales: there(g, output_size, scales))
    return there


def nearest_2d(name: str, mode: str) -> Form:
    """The op `name` for (N, C, H, W), without `align_corners`."""

    def forward(
        input: Tensor,
        output_size: Shape,
        scales_h: float | None = None,
        scales_w: float | None = None,
    ) -> Tensor:
        return upsampled(input, output_size, (scales_h, scales_w), mode, False)

    def backward(
        grad_output: Tensor,
        output_size: Shape,
        input_size: Shape,
        scales_h: float | None = None,
        scales_w: float | None = None,
    ) -> Tensor:
        scales_ = (scales_h, scales_w)
        return upsampled_backward(grad_output, output_size, input_size, scales_, mode, False)

    there, back = pair(
        name, forward, backward, "(N, C, H, W) of another size, by nearest elements."
    )
    there.vjp(
        input=lambda g, input_shape, output_size, scales_h, scales_w: back(
            g, output_size, input_shape, scales_h, scales_w
        )
    )
    there.jvp("linear")
    back.vjp(
        grad_output=lambda g, output_size, scales_h, scales_w: there(
            g, output_size, scales_h, scales_w
        )
    )
    return there


def nearest_3d(name: str, mode: str) -> Form:
    """The op `name` for (N, C, D, H, W), without `align_corners`."""

    def forward(
        input: Tensor,
        output_size: Shape,
        scales_d: float | None = None,
        scales_h: float | None = None,
        scales_w: float | None = None,
    ) -> Tensor:
        return upsampled(input, output_size, (scales_d, scales_h, scales_w), mode, False)

    def backward(
        grad_output: Tensor,
        output_size: Shape,
        input_size: Shape,
        scales_d: float | None = None,
        scales_h: float | None = None,
        scales_w: float | None = None,
    ) -> Tensor:
        scales_ = (scales_d, scales_h, scales_w)
        return upsampled_backward(grad_output, output_size, input_size, scales_, mode, False)

    there, back = pair(
        name, forward, backward, "(N, C, D, H, W) of another size, by nearest elements."
    )
    there.vjp(
        input=lambda g, input_shape, output_size, scales_d, scales_h, scales_w: back(
            g, output_size, input_shape, scales_d, scales_h, scales_w
        )
    )
    there.jvp("linear")
    back.vjp(
        grad_output=lambda g, output_size, scales_d, scales_h, scales_w: there(
            g, output_size, scales_d, scales_h, scales_w
        )
    )
    return there


def aligned_1d(name: str, mode: str) -> Form:
    """The op `name` for (N, C, W) with `align_corners`."""

    def forward(
        input: Tensor, output_size: Shape, align_corners: bool, scales: float | None = None
    ) -> Tensor:
        return upsampled(input, output_size, (scales,), mode, align_corners)

    def backward(
        grad_output: Tensor,
        output_size: Shape,
        input_size: Shape,
        align_corners: bool,
        scales: float | None = None,
    ) -> Tensor:
        scales_ = (scales,)
        return upsampled_backward(
            grad_output, output_size, input_size, scales_, mode, align_corners
        )

    there, back = pair(name, forward, backward, "(N, C, W) of another size, by interpolation.")
    there.vjp(
        input=lambda g, input_shape, output_size, align_corners, scales: back(
            g, output_size, input_shape, align_corners, scales
        )
    )
    there.jvp("linear")
    back.vjp(
        grad_output=lambda g, output_size, align_corners, scales: there(
            g, output_size, align_corners, scales
        )
    )
    return there


def aligned_2d(name: str, mode: str) -> Form:
    """The op `name` for (N, C, H, W) with `align_corners`."""

    def forward(
        input: Tensor,
        output_size: Shape,
        align_corners: bool,
        scales_h: float | None = None,
        scales_w: float | None = None,
    ) -> Tensor:
        return upsampled(input, output_size, (scales_h, scales_w), mode, align_corners)

    def backward(
        grad_output: Tensor,
        output_size: Shape,
        input_size: Shape,
        align_corners: bool,
        scales_h: float | None = None,
        scales_w: float | None = None,
    ) -> Tensor:
        scales_ = (scales_h, scales_w)
        return upsampled_backward(
            grad_output, output_size, input_size, scales_, mode, align_corners
        )

    there, back = pair(name, forward, backward, "(N, C, H, W) of another size, by interpolation.")
    there.vjp(
        input=lambda g, input_shape, output_size, align_corners, scales_h, scales_w: back(
            g, output_size, input_shape, align_corners, scales_h, scales_w
        )
    )
    there.jvp("linear")
    back.vjp(
        grad_output=lambda g, output_size, align_corners, scales_h, scales_w: there(
            g, output_size, align_corners, scales_h, scales_w
        )
    )
    return there


def aligned_3d(name: str, mode: str) -> Form:
    """The op `name` for (N, C, D, H, W) with `align_corners`."""

    def forward(
        input: Tensor,
        output_size: Shape,
        align_corners: bool,
        scales_d: float | None = None,
        scales_h: float | None = None,
        scales_w: float | None = None,
    ) -> Tensor:
        return upsampled(input, output_size, (scales_d, scales_h, scales_w), mode, align_corners)

    def backward(
        grad_output: Tensor,
        output_size: Shape,
        input_size: Shape,
        align_corners: bool,
        scales_d: float | None = None,
        scales_h: float | None = None,
        scales_w: float | None = None,
    ) -> Tensor:
        scales_ = (scales_d, scales_h, scales_w)
        return upsampled_backward(
            grad_output, output_size, input_size, scales_, mode, align_corners
        )

    there, back = pair(
        name, forward, backward, "(N, C, D, H, W) of another size, by interpolation."
    )
    there.vjp(
        input=lambda g, input_shape, output_size, align_corners, scales_d, scales_h, scales_w: back(
            g, output_size, input_shape, align_corners, scales_d, scales_h, scales_w
        )
    )
    there.jvp("linear")
    back.vjp(
        grad_output=lambda g, output_size, align_corners, scales_d, scales_h, scales_w: there(
            g, output_size, align_corners, scales_d, scales_h, scales_w
        )
    )
    return there


NEAREST: dict[tuple[str, int], Form] = {
    ("nearest", 1): nearest_1d("upsample_nearest1d", "nearest"),
    ("nearest", 2): nearest_2d("upsample_nearest2d", "nearest"),
    ("nearest", 3): nearest_3d("upsample_nearest3d", "nearest"),
    ("nearest-exact", 1): nearest_1d("_upsample_nearest_exact1d", "exact"),
    ("nearest-exact", 2): nearest_2d("_upsample_nearest_exact2d", "exact"),
    ("nearest-exact", 3): nearest_3d("_upsample_nearest_exact3d", "exact"),
}
"""By mode and number of dims, the ops that look for the nearest element."""

ALIGNED: dict[tuple[str, bool], Form] = {
    ("linear", False): aligned_1d("upsample_linear1d", "linear"),
    ("bilinear", False): aligned_2d("upsample_bilinear2d", "linear"),
    ("trilinear", False): aligned_3d("upsample_trilinear3d", "linear"),
    ("bicubic", False): aligned_2d("upsample_bicubic2d", "cubic"),
    ("bilinear", True): aligned_2d("_upsample_bilinear2d_aa", "linear_aa"),
    ("bicubic", True): aligned_2d("_upsample_bicubic2d_aa", "cubic_aa"),
    ("lanczos", True): aligned_2d("_upsample_lanczos2d_aa", "lanczos_aa"),
}
"""By mode and whether it is antialiased, the ops that interpolate."""
