"""Statements that look at the same memory: views, one or several, and what may be one.

The places of the text are those of `vocabulary.py`.
"""

__all__ = ["SAME", "SEVERAL", "VIEWS"]

VIEWS = (
    "{x}.transpose(0, -1)", "{x}.t()", "{x}.mT", "{x}.view(-1)", "{x}.view(2, -1)",
    "{x}.reshape(-1)", "{x}.unsqueeze({d})", "{x}.squeeze()", "{x}.squeeze({d})", "{x}.flatten()",
    "{x}[0]", "{x}[..., -1]", "{x}[1:]", "{x}[..., ::2]", "{x}[{index}]", "{x}[{index}]",
    "{x}.expand(2, *{x}.shape)", "{x}.permute(*range({x}.dim() - 1, -1, -1))", "{x}.diagonal()",
    "{x}.narrow({d}, 0, 1)", "{x}.as_strided((2, 2), (1, 1))", "{x}.as_strided((2,), (2,), 1)",
    "{x}.unfold(0, 2, 1)", "{x}.view_as({x})", "{x}.movedim(0, -1)", "{x}.select({d}, 0)",
    "{x}.view({x}.dtype)", "{x}.view(torch.{dtype})", "{x}.view(torch.int32)",
    "{x}.view(torch.{dtype})", "{x}.detach().view(torch.uint8)", "{x}.swapaxes(0, -1)",
    "{x}.unflatten(0, (1, -1))", "{x}.expand_as({y})", "{x}.detach().view(-1)", "{x}.data.view(-1)",
    "{x}.contiguous().view(-1)", "{x}.T", "{x}.mT", "{x}.mH", "{x}.H", "{x}.adjoint()",
    "{x}.swapdims(0, 1)", "{x}.moveaxis(0, -1)", "{x}.ravel()", "{x}.reshape_as({y})",
    "{x}.view_as({y})", "{x}.broadcast_to((2, *{x}.shape))", "torch.atleast_1d({x})",
    "torch.atleast_2d({x})", "torch.atleast_3d({x})", "torch.broadcast_tensors({x}, {y})[0]",
    "torch.meshgrid({x}.view(-1), {y}.view(-1), indexing='ij')[0]", "{x}.squeeze((0, -1))",
    "{x}.diagonal(1)", "{x}.diagonal(0, -2, -1)", "{x}.unfold({d}, 1, 1)",
    "torch.select({x}, 0, -1)", "{x}.as_strided({x}.shape, {x}.stride())", "{x}.view(*{x}.shape)",
    "{x}.split(1)[0]", "{x}.split_with_sizes([1, 1])[0]", "{x}.vsplit(2)[1]", "{x}.dsplit(2)[0]",
    "{x}.chunk(2, -1)[-1]", "torch.linalg.diagonal({x})", "{x}.unsafe_chunk(2)[0]",
    "{x}.unbind(0)[0]", "{x}.tensor_split((1,), -1)[0]", "torch.movedim({x}, (0, 1), (1, 0))",
    "{x}.narrow(0, torch.tensor(0), 1)", "{x}.mT[0]",
)  # fmt: skip

SAME = (
    "{x}.detach()", "{x}.detach()", "{x}.data", "{x}.contiguous()", "torch.nn.Parameter({x})",
    "torch.nn.Parameter({x}.detach())", "{x}.to({x}.dtype)", "{x}.real", "{x}._base", "{x}.grad",
    "{x}.requires_grad_()", "{x}.clone().detach_()", "{x}.positive()", "{x}.conj()",
    "{x}.resolve_conj()", "{x}.resolve_neg()", "{x}.to('cpu')", "{x}.cpu()", "{x}.type_as({x})",
    "{x}.sum_to_size({x}.shape)", "{x}.imag", "torch.as_tensor({x})", "{x}.type({x}.dtype)",
    "{x}.expand_as({x})", "torch.nn.Buffer({x})", "{x}.to({x}.dtype, copy=True)",
)  # fmt: skip

SEVERAL = (
    "{new}, = {x}.chunk(1)", "{new}, {new2} = {x}.unbind(0)", "{new}, {new2} = {x}.unbind(-1)",
    "{new}, {new2} = {x}.chunk(2)", "{new}, {new2} = {x}.split([1, 1])",
    "{new}, {new2} = {x}.split(1)", "{new}, {new2} = {x}.tensor_split(2)", "{new}, {new2} = {x}",
    "{new}, {new2} = {x}.max(0)", "{new}, {new2} = {x}.sort()", "{new}, {new2} = {x}.hsplit(2)",
    "{new}, {new2} = {x}.unsafe_split(1)", "{new}, {new2} = {x}.vsplit([1])",
    "{new}, {new2} = {x}.split_with_sizes([1, 1], -1)", "{new}, {new2} = {x}.chunk(2, -1)",
    "{new}, {new2} = torch.broadcast_tensors({x}, {y})", "{new}, {new2} = {x}.mT.unbind(0)",
    "{new}, {new2} = {x}.tensor_split((1,))", "{new}, {new2} = {x}.unsafe_split_with_sizes([1, 1])",
    "{new}, {new2} = torch.atleast_2d({x}, {y})", "{new}, {new2} = {x}.aminmax()",
    "{new}, {new2} = {x}.topk(1)", "{new}, {new2} = torch.var_mean({x})",
)  # fmt: skip
