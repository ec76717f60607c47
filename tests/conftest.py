"""Hypothesis draws the same examples each time, so that a red run is a change's own doing.

`HYPOTHESIS_PROFILE=wide` draws new ones. Neither has a deadline: the machine may be busy.
Tests that an older PyTorch answers otherwise are expected to fail, by the table in versions.py.
"""

import gc
import os

import pytest
import torch
from hypothesis import settings

from tests import versions

if torch.backends.opt_einsum.is_available():
    # comes with JAX, and would contract in another order than PyTorch alone does
    torch.backends.opt_einsum.enabled = False

# Tens of thousands of tests stay as long as the process does: there is no garbage among them.
gc.disable()

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
    """Collects garbage again, without looking at what was there before the first test."""
    gc.freeze()
    gc.enable()
