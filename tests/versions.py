"""Where an older PyTorch answers otherwise than the one that is the specification, 2.15.

Tables of texts, of samples and of whole tests, keyed by the version from which 2.15's answer holds.
All of it was seen on PyTorch 2.11; of the versions between nothing is known, and "before 2.15" is
the widest reading. With PyTorch 2.15 installed all are inert.
"""

import re
from fnmatch import fnmatchcase
from typing import NamedTuple

import torch

__all__ = ["TESTS", "TEXTS", "UNLIKE", "VERSION", "Test", "Text", "alike", "other", "unlike"]

Version = tuple[int, int]
VERSION: Version = tuple(int(n) for n in torch.__version__.split("+")[0].split(".")[:2])


class Text(NamedTuple):
    """Before `since`, what matches `pattern` reads `common` on either side."""

    since: Version
    pattern: str
    common: str


TEXTS = [
    # A refused dtype raised the class that NotImplementedError is a kind of.
    Text((2, 15), r"^NotImplementedError: ", "RuntimeError: "),
    # The op that made a stale tensor was named by its node: "output 0 of ExpBackward0".
    Text((2, 15), r"(which is output \d+ of \w+?)Backward0?(\d*, is at version)", r"\1\2"),
    # grad() named an empty list of inputs otherwise.
    Text(
        (2, 15),
        r"^ValueError: grad requires non-empty inputs\.$",
        "RuntimeError: `inputs` argument to `grad()` cannot be empty.",
    ),
    # aminmax had no derivative.
    Text((2, 15), r"^AminmaxBackward0$", "torch::autograd::NotImplemented"),
    # A view that refuses to be written to named the node that made it.
    Text((2, 15), r"(Output \d+ of \w+?)Backward\d*( is a view)", r"\1\2"),
    # A tensor that no path leads to was not counted out.
    Text(
        (2, 15),
        r"The differentiated Tensor at index \d+ appears",
        "One of the differentiated Tensors appears",
    ),
    # What a ctx was given instead of tensors, or of a tuple, was not named.
    Text(
        (2, 15),
        r"(is expected to be a tuple but is|only accepts variable arguments, but got"
        r"|can only accept variables, but argument) .*$",
        r"\1 ",
    ),
    # A product of matrices that do not fit did not say which product.
    Text((2, 15), r"^(RuntimeError: )(add)?mm: (?=mat1 and |mat2 must |self must )", r"\1"),
    # linear of more than two dimensions ended in a view of its own kind.
    Text((2, 15), r"^(Unsafe)?ViewBackward0$", "ViewBackward0"),
    # What writes a number to a subscript had the op of a tensor.
    Text(
        (2, 15),
        r"\(aten::(fill_\.Scalar|copy_|masked_fill_\.Scalar|index_fill_\.int_Scalar|index_put_)\)",
        "(aten::copy_)",
    ),
    # Arguments that fit no overload were answered with the list of all, some of them gone since.
    Text((2, 15), r"(?s)^TypeError: (\w+)\(\).*$", r"TypeError: \1()"),
]

UNLIKE = {
    ("aminmax", "all"): ((2, 15), "it has no derivative"),
    ("aminmax-2", "all"): ((2, 15), "it has no derivative"),
    ("clamp-2", "uint8"): ((2, 15), "a bound of -1 wraps around to 255"),
    ("clamp_-2", "uint8"): ((2, 15), "a bound of -1 wraps around to 255"),
    ("fmax", "layouts"): ((2, 15), "the gradient has the stride of the one that comes in"),
    ("fmin", "layouts"): ((2, 15), "the gradient has the stride of the one that comes in"),
    ("ldexp-2", "all"): ((2, 15), "the gradient takes a power of two among integers"),
    ("mv", "out"): ((2, 15), "an out of another dtype is refused in other words"),
    ("nansum", "integers"): ((2, 15), "floating numbers are not summed as integers"),
    ("special_bessel_j0", "all"): ((2, 15), "it has no derivative"),
    ("special_bessel_j1", "all"): ((2, 15), "it has no derivative"),
    ("special_bessel_y0", "all"): ((2, 15), "it has no derivative"),
    ("special_bessel_y1", "all"): ((2, 15), "it has no derivative"),
    ("special_modified_bessel_i0", "all"): ((2, 15), "it has no derivative"),
    ("special_modified_bessel_i1", "all"): ((2, 15), "it has no derivative"),
    ("special_modified_bessel_k0", "all"): ((2, 15), "it has no derivative"),
    ("special_modified_bessel_k1", "all"): ((2, 15), "it has no derivative"),
    ("trace", "float16"): ((2, 15), "it has no kernel for half types"),
    ("trace", "bfloat16"): ((2, 15), "it has no kernel for half types"),
    ("uniform_", "float16"): ((2, 15), "half types are drawn from other bits"),
    ("uniform_", "bfloat16"): ((2, 15), "half types are drawn from other bits"),
}
"""Samples that answer otherwise, by name and dtype ("layouts", or "all"): until when, and how."""


class Test(NamedTuple):
    """Before `since`, tests of `name` (below tests/) whose parameters match a pattern answer so."""

    since: Version
    name: str
    parameters: str  # patterns of fnmatch, one blank between two
    how: str
    dies: bool = False  # whether the process goes down with it


BITS = "half types are drawn from other bits"
SCALARS = "assigning a number fills, where 2.15 copies a tensor of it or fills what is indexed"
RANGE = "a number is checked against the range of the dtype elsewhere, or not at all"
VMAP = "vmap refuses in other words, or not at all"
CHECKPOINT = "it warns where nothing is said, or says another thing, and knows fewer arguments"
TESTS = [
    Test((2, 15), "autograd/test_function.py::test_a_dtype_for_what_has_no_gradient", "*",
         "a ctx has no set_output_grad_dtype"),
    Test((2, 15), "autograd/test_function.py::test_dtypes_of_gradients", "*",
         "a ctx has no set_output_grad_dtype"),
    Test((2, 15), "autograd/test_function.py::test_sums_so_far_are_the_running_node_s", "",
         "a ctx has no input_grad_buffers"),
    Test((2, 15), "autograd/test_graph.py::test_a_hook_on_one_saved_tensor_that_writes_to_it", "",
         "a saved tensor has no unpack"),
    Test((2, 15), "autograd/test_graph.py::test_hooks_on_one_saved_tensor", "",
         "a saved tensor has no unpack"),
    Test((2, 15), "autograd/test_graph.py::test_hooks_that_go_wrong", "written*",
         "a hook may write to what it packs"),
    Test((2, 15), "autograd/test_graph.py::test_roots_and_inputs", "unused *dict* *ordered",
         "inputs may not be a dict"),
    Test((2, 15), "autograd/test_graph.py::test_saved_tensors_as_nodes_keep_them", "*",
         "a saved tensor has no unpack"),
    Test((2, 15), "func/test_gradients.py::test_grad_mode", "",
         "in inference mode a transform's gradient is 0"),
    Test((2, 15), "func/test_pushforward.py::test_jvp", "in?inference?mode",
         "in inference mode a transform's tangent is 0"),
    Test((2, 15), "func/test_rules.py::test_every_op_is_a_loop_over_the_examples",
         "masked_fill_-2 _unique2 consecutive* unique_dim repeated_indices scatter_*_ "
         "masked_select nonzero_matrix", VMAP),
    Test((2, 15), "func/test_rules.py::test_every_op_is_what_it_is_in_torch",
         "*-repeated_indices", VMAP),
    Test((2, 15), "func/test_vmap.py::test_a_result_that_is_the_same_for_all", "", VMAP),
    Test((2, 15), "func/test_vmap.py::test_more_targets_that_are_one_for_all", "", VMAP),
    Test((2, 15), "func/test_vmap.py::test_what_one_example_alone_decides", "<lambda>*", VMAP),
    Test((2, 15), "graph/test_calls.py::test_an_argument_returned_apart", "*saved*",
         "an argument that is returned as it is may be saved after forward"),
    Test((2, 15), "graph/test_custom.py::test_boxed_gradients", "",
         "a backward takes its gradients one by one"),
    Test((2, 15), "graph/test_engine.py::test_callbacks_*", "",
         "autograd.graph has no queue_callback"),
    Test((2, 15), "graph/test_engine.py::test_grad_dtype", "",
         "grad_dtype is there for leaves alone"),
    Test((2, 15), "graph/test_function.py::test_keywords", "*",
         "apply takes no keyword arguments"),
    Test((2, 15), "graph/test_function.py::test_what_is_missing_or_old", "*",
         "old ways are refused in other words, or not at all"),
    Test((2, 15), "graph/test_hook_order.py::test_hooks_before_and_after_a_write", "to*",
         "a tensor that was written to shows no hooks any more"),
    Test((2, 15), "graph/test_backward.py::test_refused_with_pytorchs_text", "unused",
         "the tensor that was not used is not named"),
    Test((2, 15), "nn/test_activation.py::test_errors_and_warnings", "<lambda>[013]",
         "the dim of a softmax is not checked first"),
    Test((2, 15), "nn/test_init.py::test_dtypes", "*-float16 *-bfloat16 <lambda>3-float64",
         "half types, and trunc_normal_, are drawn from other bits"),
    Test((2, 15), "nn/test_init.py::test_equal_draws", "<lambda>[5678]-shape[0-6]",
         "trunc_normal_ inverts a distribution where 2.15 draws again"),
    Test((2, 15), "nn/test_init.py::test_transposed", "<lambda>4",
         "trunc_normal_ inverts a distribution where 2.15 draws again"),
    Test((2, 15), "nn/test_linear.py::test_parameters_are_bit_equal", "*-dtype[01]", BITS),
    Test((2, 15), "nn/test_loss.py::test_options", "<lambda>3", "delta is not checked"),
    Test((2, 15), "nn/test_state.py::test_hooks_that_return_something", "<lambda>1",
         "the text names the hook otherwise"),
    Test((2, 15), "ops/test_activation.py::test_every_dtype", "hardtanh-args12",
         "it refuses unsigned types a negative limit"),
    Test((2, 15), "ops/test_addmm.py::test_dtypes_must_agree", "*-addmv *-addr",
         "dtypes of addmv are checked by its kernel"),
    Test((2, 15), "ops/test_addmm.py::test_mismatches", "?-addmm", "mat1 is checked, not self"),
    Test((2, 15), "ops/test_conditional.py::test_clamp_takes_limits_of_one_kind", "*",
         "clamp has a gradient at its bounds"),
    Test((2, 15), "ops/test_conditional.py::test_clamp_to_numbers", "*",
         "clamp has a gradient at its bounds, and bounds of integers wrap around"),
    Test((2, 15), "ops/test_conditional.py::test_clamp_to_tensors", "clamp clamp_m??",
         "clamp to tensors has another gradient at its bounds"),
    Test((2, 15), "ops/test_copy.py::test_fill_converts_or_refuses", "dtype[458]", RANGE),
    Test((2, 15), "ops/test_entropy.py::test_weights_larger_than_the_loss_are_refused",
         "shape5-weight5", "a kernel says that it cannot broadcast, in other words"),
    Test((2, 15), "ops/test_extremes.py::test_aminmax", "*", "it has no derivative"),
    Test((2, 15), "ops/test_extremes.py::test_dtypes", "*float*-aminmax", "it has no derivative"),
    Test((2, 15), "ops/test_extremes.py::test_empty", "aminmax", "it has no derivative"),
    Test((2, 15), "ops/test_from_data.py::test_as_tensor_of_tensors", "",
         "asarray of a tensor does not warn"),
    Test((2, 15), "ops/test_from_data.py::test_dlpack_refuses", "",
         "an array of negative strides aborts the process", dies=True),
    Test((2, 15), "ops/test_linalg.py::test_matmul_layouts", "a15-b15",
         "the gradient of a product folded into one matrix is laid out otherwise"),
    Test((2, 15), "ops/test_loss.py::test_refusals", "", "a loss of two dtypes does not go back"),
    Test((2, 15), "ops/test_matrix.py::test_trace", "*", "its gradient keeps the input's strides"),
    Test((2, 15), "ops/test_matrix.py::test_trace_dtypes", "*float16",
         "it has no kernel for half types"),
    Test((2, 15), "ops/test_nll.py::test_refusals", "", "the text on a target's dtype is another"),
    Test((2, 15), "ops/test_operators.py::test_binary", "?[*]", "pow of True is an internal error"),
    Test((2, 15), "ops/test_out.py::test_out", "aminmax", "aminmax has no derivative to refuse"),
    Test((2, 15), "ops/test_power.py::test_number_to_a_power", "True",
         "pow of True is an internal error"),
    Test((2, 15), "ops/test_power.py::test_ties_and_edges", "fm??", "equal arguments share g"),
    Test((2, 15), "ops/test_power.py::test_values_strides_and_both_derivatives", "fm??",
         "the gradient has the stride of the one that comes in"),
    Test((2, 15), "ops/test_products.py::test_mismatches", "?-mm 3-mv",
         "the texts name neither the op nor all dtypes"),
    Test((2, 15), "ops/test_random_creation.py::test_normal_of_tensors", "dtype[01]", BITS),
    Test((2, 15), "ops/test_random_creation.py::test_of_every_dtype", "dtype[01]", BITS),
    Test((2, 15), "ops/test_ranges.py::test_arange_dtypes", "args[346]-dtype8",
         "a step that is 0 as an integer divides by it, which kills the process", dies=True),
    Test((2, 15), "ops/test_ranges.py::test_arange_rounds_alike", "*",
         "half types add up the rounded step"),
    Test((2, 15), "ops/test_ranges.py::test_linspace", "args[345]-dtype[01]",
         "half types add up the rounded step"),
    Test((2, 15), "ops/test_rearrange.py::test_errors", "rot90_dim", "dims are compared first"),
    Test((2, 15), "ops/test_rearrange.py::test_repeats_in_a_tensor", "int8",
         "repeats may not be of a small integer type"),
    Test((2, 15), "ops/test_reduce.py::test_dtype_argument", "*-nansum",
         "nansum has no kernel for integers"),
    Test((2, 15), "ops/test_sampling.py::test_fills_of_every_dtype", "dtype[01]-uniform_", BITS),
    Test((2, 15), "ops/test_sampling.py::test_normal_", "*-dtype[01]", BITS),
    Test((2, 15), "ops/test_subscript.py::test_dtypes", "*float*", SCALARS),
    Test((2, 15), "ops/test_subscript.py::test_expanded_memory_warns", "", SCALARS),
    Test((2, 15), "ops/test_subscript.py::test_random_subscripts", "", SCALARS),
    Test((2, 15), "ops/test_subscript.py::test_setitem", "*", SCALARS),
    Test((2, 15), "ops/test_subscript.py::test_setitem_refused", "*", RANGE),
    Test((2, 15), "optim/test_optimizer.py::test_same_as_torch", "<lambda>8",
         "a set of parameters is taken without a warning"),
    Test((2, 15), "test_mixed_layouts.py::test_gradients", "aminmax* clamp* fmax fmin",
         "their gradients are laid out otherwise, or there is none"),
    Test((2, 15), "test_packing.py::*",
         "aminmax* narrow_copy special_*bessel_* nextafter* gather-[2-6]",
         "there is no derivative, or a quantile is always sorted for"),
    Test((2, 15), "test_packing.py::test_nodes_of_gradients_keep_what_pytorchs_keep", "?dist_*",
         "the second derivative of distances keeps nothing"),
    Test((2, 15), "test_random.py::test_normal", "*float16", BITS),
    Test((2, 15), "test_random.py::test_normal_over_several_chunks", "torch.bfloat16", BITS),
    Test((2, 15), "test_random.py::test_uniform", "*float16 1.0-1.0000001-float32", BITS),
    Test((2, 15), "test_state_machine.py::test_random_programs", "",
         "programs come upon what other entries name"),
    Test((2, 15), "test_strides.py::test_check_strided", "", "the offset is checked last"),
    Test((2, 15), "test_serialization.py::test_attributes_and_buffers_cross", "*torch*",
         "an attribute called names sets the names of dimensions, which are gone since"),
    Test((2, 15), "test_tensor.py::test_what_is_refused_as_pytorch_refuses", "a?word",
         "a word is the name of a dimension, and those are gone since"),
    Test((2, 15), "testing/test_batched.py::test_what_differs_is_said_in_torchs_words", "text1*",
         "a text has a typing error"),
    Test((2, 15), "testing/test_gradcheck_arguments.py::test_answers", "not?wanted-*",
         "a text has a typing error"),
    Test((2, 15), "testing/test_gradcheck.py::test_texts_are_torchs", "",
         "a text has a typing error"),
    Test((2, 15), "testing/test_samples.py::test_the_same_values", "*float16", BITS),
    *[Test((2, 15), f"utils/test_checkpoint.py::test_{name}", "*", CHECKPOINT) for name in
      ("a_forward_that_raises", "a_second_run_that_differs", "arguments", "decorators_and_methods",
       "saved_tensors_read_twice", "under_hooks_of_the_caller")],
]  # fmt: skip
"""Tests that an older PyTorch fails, by name and parameters, each with what it does."""


def alike(ours: str | None, theirs: str | None) -> bool:
    """Whether two texts (`Class: message`, or a node's name) are one answer in this version."""
    if ours is None or theirs is None:
        return ours is theirs
    for text in TEXTS:
        if text.since > VERSION:
            ours, theirs = [re.sub(text.pattern, text.common, t) for t in (ours, theirs)]
    return ours == theirs


def unlike(sample: str, what: str) -> str | None:
    """How the installed PyTorch answers a sample otherwise, or None where it answers as 2.15."""
    since, how = UNLIKE.get((sample, "all")) or UNLIKE.get((sample, what)) or (VERSION, "")
    return how if since > VERSION else None


def other(test: str) -> Test | None:
    """The entry of a test, named by its path below tests/, that the installed PyTorch fails."""
    name, _, parameters = test.partition("[")
    for one in (one for one in TESTS if one.since > VERSION):
        patterns = one.parameters.split() or [""]
        if fnmatchcase(name, one.name):
            if any(fnmatchcase(parameters.removesuffix("]"), p) for p in patterns):
                return one
    return None
