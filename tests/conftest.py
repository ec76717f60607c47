"""Hypothesis draws the same examples each time, so that a red run is a change's own doing.

`HYPOTHESIS_PROFILE=wide` draws new ones. Neither has a deadline: the machine may be busy.
Tests that an older PyTorch answers otherwise are expected to fail, by the table in versions.py.
"""

import gc
import os
from collections import OrderedDict

import pytest
import torch
from _pytest.runner import runtestprotocol
from hypothesis import given, settings, strategies

from minitorch_np.nn import hooks
from tests import versions

if torch.backends.opt_einsum.is_available():
    # comes with JAX, and would contract in another order than PyTorch alone does
    torch.backends.opt_einsum.enabled = False

# Tens of thousands of tests stay as long as the process does: there is no garbage among them.
gc.disable()

_EVERY_MODULES = [
    kept
    for names in (vars(hooks), vars(torch.nn.modules.module))
    for name, kept in names.items()
    if name.endswith("hooks") and isinstance(kept, OrderedDict)
]
"""The hooks of either library that all modules have. (PyTorch leaves marks of some behind.)"""

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("wide", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expects failures where the installed PyTorch is older than the specification."""
    for item in items:
        found = versions.other(item.nodeid.removeprefix("tests/"))
        if found is not None:
            # What some of the parameters do, others may not; and of other versions we know less.
            item.add_marker(pytest.mark.xfail(reason=found.how, run=not found.dies, strict=False))


@pytest.hookimpl(tryfirst=True)  # the process that hands out the tests collects none, and runs this
def pytest_runtestloop() -> None:
    """Collects garbage again, without looking at what was there before the first test.

    Hypothesis asks the collector who holds its random numbers, so they are made before.
    """
    given(strategies.none())(lambda _: None)()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)  # after fixtures have put back what they changed
def pytest_runtest_teardown() -> None:
    """Refuses to go on with hooks for every module, which would be in later tests' way.

    Which of two kinds of backward hooks those may be stays chosen, in both libraries, after the
    last of them is gone: here the next test chooses anew.
    """
    torch.nn.modules.module._global_is_full_backward_hook = None
    hooks._BackwardKind.full = None
    left = [kept for kept in _EVERY_MODULES if kept]
    for kept in left:
        kept.clear()
    assert not left, "the test leaves hooks for every module"


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """In a process that was handed its tests: sends no word of set-ups and ends that went well.

    There are tens of thousands of tests, and each word costs both processes time.
    """
    if not hasattr(item.config, "workerinput"):
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
