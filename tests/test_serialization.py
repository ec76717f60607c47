"""Checkpoints cross both ways, keep sharing and strides, and run nothing."""

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch

import minitorch_np
from tests.oracle import DTYPES, assert_same, ours, same, sample


def objects(torch: Any) -> dict[str, Any]:
    """What a checkpoint holds: views of one storage, parameters, and plain containers."""
    base = torch.arange(12.0).view(3, 4)
    return {
        "base": base,
        "row": base[1],
        "transposed": base.t(),
        "step": base[:, ::2],
        "scalar": torch.tensor(3),
        "empty": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "leaf": torch.ones(2, requires_grad=True),
        "plain": [1, 2.5, "x", None, True, (3, 4), {"k": [torch.ones(1)]}, b"bytes"],
        "ordered": OrderedDict(a=1),
        "size": torch.Size([1, 2]),
        "dtype": torch.float64,
        "device": torch.device("cpu"),
    }


def test_torch_reads_ours() -> None:
    file = io.BytesIO()
    minitorch_np.save(objects(minitorch_np), file)
    file.seek(0)
    theirs = torch.load(file, weights_only=True)
    assert_same(objects(minitorch_np), theirs)
    assert theirs["row"].data_ptr() == theirs["base"].data_ptr() + 16
    assert isinstance(theirs["parameter"], torch.nn.Parameter)


def test_ours_reads_torchs() -> None:
    file = io.BytesIO()
    torch.save(objects(torch), file)
    file.seek(0)
    mine: Any = minitorch_np.load(file)
    assert_same(mine, objects(torch))
    assert mine["row"].data_ptr() == mine["base"].data_ptr() + 16
    assert isinstance(mine["parameter"], minitorch_np.nn.Parameter)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_dtype(dtype: torch.dtype, tmp_path: Path) -> None:
    t = sample(3, 2, dtype=dtype, grad=False, layout="transposed")
    minitorch_np.save(ours(t), tmp_path / "ours.pt")
    torch.save(t, tmp_path / "theirs.pt")
    assert_same(ours(t), torch.load(tmp_path / "ours.pt", weights_only=True))
    assert_same(minitorch_np.load(tmp_path / "theirs.pt"), t)


def marked(torch: Any) -> Any:
    """Tensors and parameters with attributes, and buffers, which are marked by some."""
    plain, parameter = torch.ones(2), torch.nn.Parameter(torch.ones(3))
    plain.why, parameter.names = {"a": [1]}, ("x", "y")
    return [
        plain,
        parameter,
        torch.nn.Buffer(torch.ones(1), persistent=False),
        1 + 2j,
        bytearray(b"x"),
    ]


@pytest.mark.parametrize("writer", [minitorch_np, torch], ids=lambda m: m.__name__)
@pytest.mark.parametrize("reader", [minitorch_np, torch], ids=lambda m: m.__name__)
def test_attributes_and_buffers_cross(writer: Any, reader: Any) -> None:
    file = io.BytesIO()
    writer.save(marked(writer), file)
    file.seek(0)
    plain, parameter, buffer, number, content = reader.load(file)
    assert plain.why == {"a": [1]} and parameter.names == ("x", "y")
    assert isinstance(parameter, reader.nn.Parameter)
    assert isinstance(buffer, reader.nn.Buffer) and not buffer.persistent
    assert (number, content) == (1 + 2j, bytearray(b"x"))


def test_optimizers_cross() -> None:
    def trained(torch: Any) -> Any:
        torch.manual_seed(0)
        layer = torch.nn.Linear(3, 2)
        optimizer = torch.optim.Adam(
            [{"params": [layer.weight], "lr": 0.1}, {"params": [layer.bias], "amsgrad": True}]
        )
        for _ in range(2):
            layer(torch.ones(3)).sum().backward()
            optimizer.step()
        return layer, optimizer

    for writer, reader in ((minitorch_np, torch), (torch, minitorch_np)):
        file = io.BytesIO()
        layer, optimizer = trained(writer)
        writer.save({"model": layer.state_dict(), "optimizer": optimizer.state_dict()}, file)
        file.seek(0)
        saved: Any = reader.load(file)
        other, its_optimizer = trained(reader)
        other.load_state_dict(saved["model"])
        its_optimizer.load_state_dict(saved["optimizer"])
        for one in (layer, optimizer), (other, its_optimizer):
            one[0](one[0].weight.detach()[0] * 0 + 1).sum().backward()
            one[1].step()
        mine, theirs = (other, layer) if writer is torch else (layer, other)
        assert_same(dict(mine.state_dict()), dict(theirs.state_dict()))


def test_state_dicts_cross() -> None:
    def model(torch: Any) -> Any:
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))

    mine, theirs = model(minitorch_np), model(torch)
    for p in theirs.parameters():
        p.data.mul_(2)
    file = io.BytesIO()
    torch.save(theirs.state_dict(), file)
    file.seek(0)
    mine.load_state_dict(minitorch_np.load(file))
    assert_same(dict(mine.state_dict()), dict(theirs.state_dict()))
    back = io.BytesIO()
    minitorch_np.save(mine.state_dict(), back)
    back.seek(0)
    assert (
        str(theirs.load_state_dict(torch.load(back, weights_only=True)))
        == "<All keys matched successfully>"
    )


def test_storages_are_aligned() -> None:
    file = io.BytesIO()
    minitorch_np.save([minitorch_np.ones(3), minitorch_np.ones(5)], file)
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if "/data/" in info.filename:
                archive.fp.seek(info.header_offset + 26)  # type: ignore[union-attr]
                lengths = archive.fp.read(4)  # type: ignore[union-attr]
                skip = int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
                assert (info.header_offset + 30 + skip) % 64 == 0


def archive_of(pickled: bytes, **records: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        for name, content in records.items():
            archive.writestr(f"archive/data/{name}", content)
    file.seek(0)
    return file


class Hostile:
    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("function", [os.system, eval, exec, open, getattr, __import__, print])
def test_a_hostile_pickle_executes_nothing(function: Any, tmp_path: Path) -> None:
    target = tmp_path / "ran"
    payload = pickle.dumps({"a": Hostile(function, f"touch {target}")})
    with pytest.raises(pickle.UnpicklingError, match=r"was not an allowed global|blocked"):
        minitorch_np.load(archive_of(payload))
    assert not target.exists()


def test_names_of_the_list_cannot_be_written_to() -> None:
    build = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x01\x00\x00\x00aK\x01sb."
    with pytest.raises(pickle.UnpicklingError):
        minitorch_np.load(archive_of(build))


@pytest.mark.parametrize(
    "geometry",
    [(0, (4,), (1,)), (0, (2, 2), (1, 3)), (-1, (1,), (1,)), (0, (2,), (1, 1)), (9, (1,), (1,))],
)
def test_a_tensor_beyond_its_storage_is_refused(geometry: Any) -> None:
    offset, size, stride = geometry
    file = io.BytesIO()
    torch.save(torch.ones(3), file)
    original = zipfile.ZipFile(file).read("archive/data.pkl")
    marker = b"K\x00K\x03\x85"
    assert marker in original
    at = original.index(marker)
    tail = original[at + len(marker) :]
    rest = tail[tail.index(b"\x89") :]
    body = pickle.dumps(size, 2)[2:-1], pickle.dumps(stride, 2)[2:-1]
    whole = original[:at] + pickle.dumps(offset, 2)[2:-1] + body[0] + body[1] + rest
    with pytest.raises(pickle.UnpicklingError, match=r"geometry|beyond"):
        minitorch_np.load(archive_of(whole, **{"0": bytes(12)}))


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.pt").write_bytes(b"not a zip")
    with pytest.raises(pickle.UnpicklingError, match="operand 110") as caught:
        minitorch_np.load(tmp_path / "x.pt")
    (note,) = caught.value.__notes__
    assert note.startswith("The file does not begin as a zip archive, PyTorch's format since 1.6")
    with pytest.raises(ValueError, match="weights_only"):
        minitorch_np.load(tmp_path / "x.pt", weights_only=False)


BUILT: dict[str, bytes] = {
    "another function": b"ctorch\nSize\nctorch\nTensor\n)}",
    "another class": b"ctorch._utils\n_rebuild_tensor_v2\nctorch\nSize\n)}",
    "its class called": b"ctorch\nTensor\nctorch\nTensor\n)}",
}


@pytest.mark.parametrize("case", BUILT)
def test_nothing_else_is_rebuilt_with_attributes(case: str) -> None:
    payload = b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(" + BUILT[case] + b"tR."
    with pytest.raises(pickle.UnpicklingError, match="only plain tensors"):
        minitorch_np.load(archive_of(payload))
    with pytest.raises(pickle.UnpicklingError, match="not by its class"):
        minitorch_np.load(archive_of(b"\x80\x02ctorch\nTensor\n)R."))


FILES: dict[str, Any] = {
    "missing": lambda torch, path: torch.load(path / "none.pt"),
    "empty": lambda torch, path: torch.load(io.BytesIO()),
    "a folder": lambda torch, path: torch.load(path),
    "a number to read": lambda torch, path: torch.load(3),
    "a number to write": lambda torch, path: torch.save(1, 3),
    "no folder": lambda torch, path: torch.save(1, path / "none" / "x.pt"),
    "own pickle": lambda torch, path: torch.load(
        path / "none.pt", pickle_module=pickle, weights_only=True
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_files_are_refused_as_pytorch_refuses(case: str, tmp_path: Path) -> None:
    same(FILES[case], tmp_path)


def test_where_tensors_go(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    minitorch_np.save(minitorch_np.ones(2), path, pickle, 2)
    for place in ("cpu", minitorch_np.device("cpu"), {"cuda:0": "cpu"}, lambda s, where: s):
        assert minitorch_np.load(path, place).tolist() == [1.0, 1.0]
    with pytest.raises(RuntimeError, match="CPU only"):
        minitorch_np.load(path, {"cpu": "cuda"})
    with pytest.raises(ValueError, match="protocol 2"):
        minitorch_np.save(1, path, pickle_protocol=4)


def test_one_storage_of_two_dtypes_is_refused_as_torch_refuses() -> None:
    for torch_ in (minitorch_np, torch):
        x = torch_.ones(4)
        with pytest.raises(RuntimeError, match="view the same data as different types"):
            torch_.save([x, x.view(torch_.int32)], io.BytesIO())


def test_hooks_are_lost_with_a_warning(tmp_path):
    def f(torch, x, y, parameter):
        def hook(g): ...

        hook.__qualname__ = "hook"
        for t in (x, y):
            t.register_hook(len)
            t.register_hook(torch.utils.hooks.unserializable_hook(hook))
        kept = torch.nn.Parameter(x.detach()) if parameter else y
        kept.register_hook(len)
        torch.save(kept, tmp_path / "t")

    same(f, sample(3), sample(3), False, grad=False)
    same(f, sample(3), sample(3), True, grad=False)
