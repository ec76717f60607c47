"""The top of the package: what it holds, and what it says of what it does not hold."""

import importlib
import subprocess
import sys

import pytest
import torch

import minitorch_np
from experiments.conformance.bridge import our_dtype
from minitorch_np.absent import names_of
from minitorch_np.op import COMPOSITES, REGISTRY, RENAMED
from tests import torch_names
from tests.oracle import plain, same


def test_names_are_those_of_torch():
    written_for = next(iter(names_of("version")))
    if written_for != torch_names.VERSION:
        pytest.skip(f"the names are those of torch {written_for}")
    assert torch_names.TARGET.read_text() == torch_names.text(), "run python -m tests.torch_names"


COMPLETE = {"torch.nn.init"}


@pytest.mark.parametrize("module", torch_names.MODULES)
def test_an_absent_name_says_so(module):
    ours = importlib.import_module(module.replace("torch", "minitorch_np", 1))
    missing = sorted(n for n in names_of(module) if n not in vars(ours))
    assert missing or module in COMPLETE
    for name in missing:
        with pytest.raises(AttributeError, match="minitorch_np does not have it yet"):
            getattr(ours, name)
    assert not hasattr(ours, "nonsense")


def test_tensors_have_no_methods_that_torchs_have_not():
    bound = {*REGISTRY, *RENAMED, *COMPOSITES}
    own = [n for n in bound if hasattr(minitorch_np.Tensor, n) and not hasattr(torch.Tensor, n)]
    assert own == []


def test_an_absent_member_says_so():
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'stft': "):
        minitorch_np.ones(1).stft
    with pytest.raises(AttributeError, match="'ReLU' object has no attribute 'share_memory': "):
        minitorch_np.nn.ReLU().share_memory


def test_an_unknown_name_has_the_ordinary_text():
    with pytest.raises(AttributeError) as ours:
        minitorch_np.nonsense
    with pytest.raises(AttributeError) as theirs:
        torch.nonsense
    assert plain(str(ours.value)) == str(theirs.value)
    assert not hasattr(minitorch_np, "nonsense")


@pytest.mark.parametrize(
    "name", "uint8 int8 short int long half bfloat16 float double bool".split()
)
def test_dtypes_have_their_names(name):
    assert getattr(minitorch_np, name) is our_dtype(getattr(torch, name))


@pytest.mark.parametrize(
    "name",
    "Tensor Size Generator dtype device finfo iinfo no_grad channels_last strided get_num_threads "
    "set_num_threads set_printoptions manual_seed get_rng_state promote_types can_cast equal "
    "allclose isclose get_default_dtype autograd cuda memory_format contiguous_format".split(),
)
def test_day_one_names(name):
    assert hasattr(minitorch_np, name)


def test_threads():
    before = minitorch_np.get_num_threads()
    try:
        minitorch_np.set_num_threads(1)
        assert minitorch_np.get_num_threads() == 1
    finally:
        minitorch_np.set_num_threads(before)
    for wrong in (0, "a"):
        with pytest.raises(RuntimeError) as ours:
            minitorch_np.set_num_threads(wrong)
        with pytest.raises(RuntimeError) as theirs:
            torch.set_num_threads(wrong)
        assert str(ours.value) == str(theirs.value)


def test_cuda_is_refused_in_one_line():
    for call in (
        lambda: minitorch_np.zeros(2, device="cuda"),
        lambda: minitorch_np.ones(2).to("cuda"),
        minitorch_np.cuda.current_device,
    ):
        with pytest.raises(RuntimeError) as error:
            call()
        assert "CPU only" in str(error.value)
        assert "\n" not in str(error.value)


def test_import_loads_neither_torch_nor_numba():
    program = "import sys, minitorch_np; print('torch' in sys.modules, 'numba' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_constants():
    same(lambda torch: [torch.pi, torch.e, torch.inf, torch.nan, torch.ones(2)[torch.newaxis]])
