import pytest

from minitorch_np.kernels import threads


@pytest.fixture(autouse=True)
def helpers_are_always_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is: else tests of threads would test none."""
    monkeypatch.setattr(threads, "REST", 0.0)
    monkeypatch.setattr(threads.pool, "rested", 0.0)
