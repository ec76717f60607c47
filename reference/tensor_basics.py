"""Storage, strides and views: one row of numbers in memory, and the many tensors that read it.

Every claim is an assertion. Cell k of the storage holds the number k, so that the value read at
an index is also the address it was read from.
"""

from itertools import product

import torch

from experiments.data import load


def storage(tensor):
    """Where the memory begins that a tensor reads, and its size in bytes."""
    return tensor.untyped_storage().data_ptr(), tensor.untyped_storage().nbytes()


def facts(tensor):
    """What a tensor is: shape, strides and offset over a storage, and the values it reads there."""
    geometry = {"shape": tuple(tensor.shape), "stride": tensor.stride()}
    memory = {"offset": tensor.storage_offset(), "bytes": storage(tensor)[1]}
    return geometry | memory | {"values": tensor.detach().cpu().numpy()}


def error_of(action):
    """Text of the RuntimeError that an action ends in."""
    try:
        action()
    except RuntimeError as error:
        return str(error)
    raise AssertionError("this should have failed")


def views(base):
    """Five views of a (2, 3, 4) tensor: no byte is copied, and every address is arithmetic."""
    found = {
        "base": base,
        "base[1, :, ::2]": base[1, :, ::2],
        "base.transpose(0, 2)": base.transpose(0, 2),
        "base[0].unfold(1, 2, 1)": base[0].unfold(1, 2, 1),
        "base[:, :1].expand(2, 3, 4)": base[:, :1].expand(2, 3, 4),
    }
    for name, view in found.items():
        assert storage(view) == storage(base), name
        assert view.data_ptr() == base.data_ptr() + view.storage_offset() * view.element_size()
        for index in product(*map(range, view.shape)):
            steps = sum(i * s for i, s in zip(index, view.stride(), strict=True))
            assert view[index].item() == view.storage_offset() + steps, name
    return found


def reshapes(base):
    """Shapes that the strides can express, without moving data; the one they cannot; its fixes."""
    turned = base.transpose(0, 2)
    without_copy = {
        "base.view(6, 4)": base.view(6, 4),
        "base[:, :2].view(2, 8)": base[:, :2].view(2, 8),  # not contiguous, and yet it views
        "base.transpose(0, 2).view(2, 2, 3, 2)": turned.view(2, 2, 3, 2),
    }
    with_copy = {"reshape": turned.reshape(24), "contiguous, view": turned.contiguous().view(24)}
    assert not base[:, :2].is_contiguous() and not turned.is_contiguous()
    assert all(storage(view) == storage(base) for view in without_copy.values())
    assert not any(storage(copy) == storage(base) for copy in with_copy.values())
    return without_copy, with_copy, error_of(lambda: turned.view(24))


def broadcast(base):
    """Broadcasting as stride 0: a cell is read many times, so its gradient is a sum."""
    row, column = (t.clone().requires_grad_() for t in (base[0, 0], base[0, :, :1]))
    wide, tall, total = row.expand(3, 4), column.expand(3, 4), row + column
    assert wide.stride() == (0, 1) and tall.stride() == (1, 0)
    assert torch.equal(total, wide + tall)
    total.backward(base[1])
    assert torch.equal(row.grad, base[1].sum(0)) and torch.equal(column.grad.t()[0], base[1].sum(1))
    return {"row": row, "column": column, "wide": wide, "tall": tall, "total": total}


def writes(base):
    """In-place through a view: everyone who shares the storage sees it, and a version counts it."""
    memory = base.clone()
    corner, version = memory.transpose(0, 2)[::3, 1], memory._version
    corner.mul_(-1)
    assert memory[:, 1, ::3].lt(0).all() and memory.lt(0).sum() == corner.numel()
    assert memory._version == version + 1 == corner._version
    leaf = base.clone().requires_grad_()
    result = leaf * 1
    result[:, 1].mul_(10)  # autograd follows the write from the view back to the base
    result.backward(base)
    assert torch.equal(leaf.grad, result)  # as the leaf and the incoming gradient are the same
    refusal = error_of(lambda: base[0, 0].expand(3, 4).add_(1))
    return {"memory": memory, "corner": corner, "leaf": leaf, "result": result}, refusal


def main(data, *, device="cpu", seed=0, epochs=1, observe=None):  # noqa: ARG001
    """Facts about memory, the same in every run: `seed` and `epochs` change nothing."""
    base = torch.arange(24, dtype=torch.float32, device=device).view(2, 3, 4)
    digit = torch.from_numpy(data.test_images[0].copy()).to(device).view(data.side, data.side)
    viewed, copied, view_error = reshapes(base)
    written, write_error = writes(base)
    many = {"expand": digit.expand(100, -1, -1), "repeat": digit.repeat(100, 1, 1)}
    groups = {"view": views(base), "reshape": viewed | copied, "broadcast": broadcast(base)}
    groups |= {"write": written, "digit": many}
    for name, tensors in groups.items() if observe else ():
        observe(name, 0, **tensors)
    results = {name: {key: facts(t) for key, t in group.items()} for name, group in groups.items()}
    return results | {"errors": {"view": view_error, "write": write_error}}


if __name__ == "__main__":
    print((data := load()).source)
    for group, members in main(data).items():
        for name, fact in members.items():
            print(f"{group:9}  {name:38}  {fact if isinstance(fact, str) else fact['stride']}")
