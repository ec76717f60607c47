"""Products of vectors with Jacobians and Hessians. Source: torch/autograd/functional.py."""

from collections.abc import Callable
from typing import Any

from minitorch_np.autograd.arguments import (
    as_tuple,
    check_required,
    check_scalar,
    check_vector,
    filled,
    finished,
    gradients,
    prepared,
    unpacked,
)
from minitorch_np.graph.modes import enable_grad, is_grad_enabled, set_grad_enabled
from minitorch_np.ops.creation import zeros_like
from minitorch_np.tensor import Tensor

__all__ = ["hvp", "jvp", "vhp", "vjp"]

A = Any
Tensors = tuple[Tensor, ...]
Gradients = tuple[Tensor | None, ...]
Function = Callable[..., A]


def _vector(v: A, other: Tensors, several: bool, create_graph: bool, asker: str) -> Tensors | None:
    """The vector of a product. Raises: RuntimeError for none where a number would not do."""
    if v is not None:
        _, given = as_tuple(v, "v", asker)
        given = prepared(given, create_graph, need_graph=False)
        check_vector(given, other, several)
        return given
    if len(other) != 1 or other[0].numel() != 1:
        raise RuntimeError(
            "The vector v can only be None if the user-provided function returns a single Tensor "
            "with a single element."
            if asker == "vjp"
            else "The vector v can only be None if the input to the user-provided function is a "
            "single Tensor with a single element."
        )
    return None


def vjp(
    func: Function, inputs: A, v: A = None, create_graph: bool = False, strict: bool = False
) -> tuple[A, A]:
    """`(func(*inputs), v @ J)`, J the Jacobian: the gradients of the inputs for cotangents `v`.

    `inputs`, `v` and results are tensors or tuples of them. `v` may be None for one output of one
    element. `create_graph` keeps the history of both; `strict` refuses an output that an input has
    no influence on, whose gradient is zeros otherwise. Source: vjp.
    """
    with enable_grad():
        several, given = as_tuple(inputs, "inputs", "vjp")
        given = prepared(given, create_graph, need_graph=True)
        several_out, outputs = as_tuple(
            func(*given), "outputs of the user-provided function", "vjp"
        )
        check_required(outputs, "outputs", strict)
        vector = _vector(v, outputs, several_out, create_graph, "vjp")
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = gradients(outputs, given, vector, create_graph)
        product = filled(found, given, strict, create_graph, "back")
    return (
        unpacked(finished(outputs, create_graph), several_out),
        unpacked(finished(product, create_graph), several),
    )


def jvp(
    func: Function, inputs: A, v: A = None, create_graph: bool = False, strict: bool = False
) -> tuple[A, A]:
    """`(func(*inputs), J @ v)`, J the Jacobian, by going back twice; `func.jvp` goes forward once.

    Arguments as `vjp` has them; `v` has the shapes of the inputs. Source: jvp.
    """
    with enable_grad():
        several, given = as_tuple(inputs, "inputs", "jvp")
        given = prepared(given, create_graph, need_graph=True)
        vector = _vector(v, given, several, create_graph, "jvp")
        several_out, outputs = as_tuple(
            func(*given), "outputs of the user-provided function", "jvp"
        )
        check_required(outputs, "outputs", strict)
        # what goes back is linear in them, so that their values do not matter
        weights = tuple([zeros_like(out).requires_grad_() for out in outputs])
        back = gradients(outputs, given, weights, create_graph=True)
        check_required(back, "grad_inputs", strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = gradients(back, weights, vector, create_graph)
        product = filled(found, outputs, strict, create_graph, "back_trick")
    return (
        unpacked(finished(outputs, create_graph), several_out),
        unpacked(finished(product, create_graph), several_out),
    )


def _slopes(
    func: Function, inputs: A, v: A, create_graph: bool, strict: bool, asker: str
) -> tuple[bool, Tensors, Tensors, Tensors | None, Gradients]:
    """Of a function to a number: whether inputs are a tuple, inputs, output, vector, gradients."""
    several, given = as_tuple(inputs, "inputs", asker)
    given = prepared(given, create_graph, need_graph=True)
    vector = _vector(v, given, several, create_graph, asker)
    several_out, outputs = as_tuple(func(*given), "outputs of the user-provided function", asker)
    check_required(outputs, "outputs", strict)
    check_scalar(several_out, outputs, asker)
    jac = gradients(outputs, given, create_graph=True)
    check_required(jac, "jacobian", strict)
    return several, given, outputs, vector, jac


def vhp(
    func: Function, inputs: A, v: A = None, create_graph: bool = False, strict: bool = False
) -> tuple[A, A]:
    """`(func(*inputs), v @ H)`, H the Hessian of a function to one number.

    Arguments as `vjp` has them; `v` has the shapes of the inputs. Source: vhp.
    """
    with enable_grad():
        several, given, outputs, vector, jac = _slopes(func, inputs, v, create_graph, strict, "vhp")
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = gradients(jac, given, vector, create_graph)
        product = filled(found, given, strict, create_graph, "double_back")
    return finished(outputs, create_graph)[0], unpacked(finished(product, create_graph), several)


def hvp(
    func: Function, inputs: A, v: A = None, create_graph: bool = False, strict: bool = False
) -> tuple[A, A]:
    """`(func(*inputs), H @ v)`, H the Hessian of a function to one number, by going back thrice.

    As `vhp` where the function is twice continuously differentiable, and slower. Source: hvp.
    """
    with enable_grad():
        several, given, outputs, vector, jac = _slopes(func, inputs, v, create_graph, strict, "hvp")
        weights = tuple([zeros_like(x).requires_grad_() for x in given])
        double_back = gradients(jac, given, weights, create_graph=True)
        check_required(jac, "hessian", strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = gradients(double_back, weights, vector, create_graph)
        product = filled(found, given, strict, create_graph, "double_back_trick")
    return finished(outputs, create_graph)[0], unpacked(finished(product, create_graph), several)
