"""Programs that fail otherwise than in PyTorch, and why; one that agrees may not stand here."""

__all__ = ["KNOWN"]

_REASONS: dict[str, tuple[str, ...]] = {
    "the class has another module or name here": (
        "m.shape.foo",
        "setattr(torch.float32, 'a', 1)",
        "torch.float32()",
        "torch.dtype()",
        "nn.Sequential(nn.ReLU()) * 'a'",
        "nn.Sequential(nn.ReLU()) * 0",
        "nn.Sequential(nn.ReLU()).insert(0, 3)",
        "nn.Sequential(nn.ReLU)",
        "f = io.BytesIO(); torch.save(nn.Linear(1, 1), f); f.seek(0); torch.load(f)",
    ),
    "PyTorch's parser looks at all arguments, and these functions only at some": (
        "torch.add(m, 1, out=3)",
    ),
    "a plain function: Python says what is missing": ("torch.tensor()",),
    "a plain method: Python counts what is too many, with the tensor itself": (
        "m.numpy(1, 2)",
        "m.dim(1)",
        "m.tolist(1)",
    ),
    "the dtype is a plain slot, which every op reads": ("m.dtype = torch.int32",),
    "the text has a line of PyTorch's C++, or a tensor as that prints it": (
        "torch.save(m, '')",
        "torch.meshgrid(m, v, indexing='ij')",
    ),
}

KNOWN = {program: reason for reason, programs in _REASONS.items() for program in programs}
