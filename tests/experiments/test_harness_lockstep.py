"""Lock-step between two programs: honest, planted with a fault, broken, and out of step."""

import importlib
import re
import threading
from functools import partial

import numpy as np
import pytest
import torch

import minitorch_np
from experiments.harness.engines import Engine
from experiments.harness.free import FreeRun, courses, free_run
from experiments.harness.lockstep import Comparison, Parted, lockstep, observed
from experiments.harness.rounding import Scale
from experiments.harness.verdict import VERDICTS
from experiments.harness.watch import Follower
from tests.experiments.programs import (
    LIBRARIES,
    WEIGHTS,
    half_product,
    reversed_product,
    training,
    transposed_product,
)


def compare(library, program=training, **fault):
    ours = Engine("minitorch_np", library, "experiments")
    theirs = Engine("torch-cpu", torch, "reference")

    def run(engine, observe):
        program(engine.library, observe, **(fault if engine is theirs else {}))

    return lockstep(ours, theirs, run).tallies


def worst(tallies):
    return max((t.verdict for t in tallies.values()), key=VERDICTS.index)


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
def test_another_order_of_terms_is_rounding(library):
    tallies = compare(library, product=reversed_product)
    assert worst(tallies) in ("within rounding", "event")
    assert tallies["logits"].verdict == "within rounding"
    assert {"loss", "logits", "w0", "w0.grad", "w0 at start", "w2.grad"} <= set(tallies)
    assert sum(tallies["w0.grad"].counts.values()) == 3


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
@pytest.mark.parametrize(
    ("fault", "shown_by"),
    [
        ({"reduction": "sum"}, {"loss", "w0.grad", "w2.grad", "w0"}),
        ({"product": transposed_product}, {"logits", "loss", "w0.grad"}),
        ({"product": half_product}, {"logits", "loss", "w0.grad"}),
    ],
    ids=["dropped 1/N", "transposed weight", "float16 products"],
)
def test_planted_fault_is_wrong(library, fault, shown_by):
    tallies = compare(library, **fault)
    assert {name: tallies[name].verdict for name in shown_by} == dict.fromkeys(shown_by, "wrong")
    # Every step starts from our state, so nothing but the fault itself is blamed.
    assert tallies["w0 at start"].verdict == "bit-equal"


# Summed from the left or from the right: the first two columns tie, or the second is 2^-25 ahead.
PARTS = ([1, 1, 0], [0, 2.0**-25, 0], [-1, -1, -1])


def fenced(library, observe, *, order=1, rectify=lambda z: z.relu()):
    """A unit whose pre-activation is 0 or 2^-25, by the order of a sum of three numbers; one that
    is safe; and one as close to 0 as the first, of more weight, that is 2^-22 in any order.
    """
    tiny = np.array([2.0**-25, 1.0, 2.0**-22], np.float32)
    ones = np.ones(3, np.float32)
    w = library.from_numpy(np.array([2.0, 3.0, 4.0], np.float32)).requires_grad_()
    b = library.from_numpy(ones.copy()).requires_grad_()
    observe("state", 0, w=w, b=b)
    one, tiny, back = (library.from_numpy(t) for t in (ones, tiny, ones * [-1, 1, -1]))
    back = back.to(w.dtype)
    z = b * one + tiny + back if order == 1 else b * one + back + tiny
    out = rectify(z) * w
    out.backward(library.from_numpy(ones.copy()))
    observe("step", 0, z=z, w=w, b=b)


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
def test_unit_that_flips_is_an_event_and_named(library):
    tallies = compare(library, fenced, order=2)
    assert tallies["z"].verdict == "within rounding"
    assert tallies["b.grad"].verdict == "event"
    # The third unit is on the fence too, and heavier; both engines see it on the same side.
    assert tallies["b.grad"].note == "relu 1[0] flipped"
    assert tallies["w.grad"].verdict == "within rounding"


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
def test_units_are_on_the_fence_where_the_other_engine_cannot_be_seen(library):
    tallies = compare(library, fenced, order=2, rectify=lambda z: z.where(z > 0, z * 0))
    assert tallies["b.grad"].verdict == "event"
    assert tallies["b.grad"].note == "relu 1[2], relu 1[0] on the fence"


MASKS = {
    "where": lambda z: z.where(z > 0, z * 0 - 1),
    "masked_fill": lambda z: z.masked_fill(z > 0, 1.0),
    "leaky_relu": lambda z: importlib.import_module(
        type(z).__module__.partition(".")[0]
    ).nn.functional.leaky_relu(z, 0.1),
}


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_a_flip_is_seen_through_any_kink(library, mask):
    tallies = compare(library, partial(fenced, rectify=mask), order=2)
    assert tallies["b.grad"].verdict == "event"
    note = tallies["b.grad"].note
    assert note.endswith(" flipped") and set(re.findall(r"\[.*?\]", note)) == {"[0]"}


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
def test_a_pick_that_flips_is_named(library):
    def program(library, observe, *, order=1):
        x = library.from_numpy(np.array([[1, 1, 1], [1, 5, 1]], np.float32)).requires_grad_()
        observe("state", 0, x=x)
        a, b, c = (library.from_numpy(np.array(t, np.float32)) for t in PARTS)
        y = x * a + b + c if order == 1 else x * a + c + b
        y.max(1)[0].backward(library.from_numpy(np.ones(2, np.float32)))
        observe("step", 0, x=x)

    tallies = compare(library, program, order=2)
    assert tallies["x.grad"].verdict == "event"
    assert tallies["x.grad"].note == "max[0] flipped"


def test_another_gradient_stride_is_wrong():
    def program(library, observe, *, flip=False):
        w = library.from_numpy(WEIGHTS[0].copy()).requires_grad_()
        observe("state", 0, w=w)
        (w * 2).sum().backward()
        if flip:
            w.grad = w.grad.t().contiguous().t()
        observe("step", 0, w=w)

    tally = compare(torch, program, flip=True)["w.grad"]
    assert tally.verdict == "wrong"
    assert tally.note == "stride (32, 1) against (1, 32)"


def test_every_training_starts_from_what_both_drew():
    def program(library, observe, *, second=1.0):
        for title, value in (("first", 1.0), ("second", second)):
            w = library.full((3,), value)
            observe("start", 0, title=title, w=w)
            observe("state", 0, w=w)
            observe("step", 0, w=w)

    assert compare(torch, program)["w at start"].counts["bit-equal"] == 2
    tally = compare(torch, program, second=2.0)["w at start"]
    assert (tally.verdict, tally.training) == ("wrong", "second")


def test_programs_that_start_different_trainings_are_refused():
    def program(library, observe, *, title="He"):
        observe("start", 0, title=title)

    with pytest.raises(Parted, match="torch-cpu trains another network than He"):
        compare(torch, program, title="Xavier")


def test_missing_gradient_and_missing_quantity_are_wrong():
    def program(library, observe, *, broken=False):
        w = library.from_numpy(WEIGHTS[0].copy()).requires_grad_()
        if not broken:
            w.sum().backward()
        observe("step", 0, w=w, **({} if broken else {"more": w}))

    tallies = compare(torch, program, broken=True)
    assert tallies["w.grad"].note == "torch-cpu has no gradient"
    assert tallies["more"].note == "torch-cpu has none"


def test_state_is_overwritten_in_place_with_its_gradient():
    seen = []

    def program(library, observe, *, start=1.0):
        w = library.full((3,), start, requires_grad=True)
        w.grad = library.full((3,), start)
        address = w.data_ptr()
        observe("state", 0, w=w)
        seen.append((w.tolist(), w.grad.tolist(), w.data_ptr() == address, w.requires_grad))

    tallies = compare(torch, program, start=2.0)
    assert seen == [([1.0] * 3, [1.0] * 3, True, True)] * 2
    assert tallies["w at start"].verdict == "wrong"


def test_generator_state_is_handed_over():
    drawn = []

    def program(library, observe, *, seed=1):
        library.manual_seed(seed)
        observe("state", 0)
        drawn.append(library.rand(3).tolist())

    compare(minitorch_np, program, seed=2)
    assert drawn[0] == drawn[1]


def test_steps_between_the_observed_ones_run_free():
    assert [s for s in range(400) if not observed(s)] == [
        s for s in range(201, 400) if s not in (250, 300, 350)
    ]
    tallies = compare(torch, partial(training, state=lambda s: 201 + s), product=half_product)
    assert set(tallies) == {"w0 at start", "w1 at start", "w2 at start"}


def test_exceptions_surface_and_no_thread_is_left():
    def program(library, observe, *, broken=False):
        observe("state", 0)
        if broken:
            raise ZeroDivisionError("planted")
        observe("step", 0)

    before = threading.active_count()
    with pytest.raises(ZeroDivisionError, match="planted"):
        compare(torch, program, broken=True)
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("extra", "text"), [("other", "observes step 0"), (None, "torch-cpu ended before")]
)
def test_programs_out_of_step_are_refused(extra, text):
    def program(library, observe, *, broken=False):
        if not broken:
            observe("step", 0)
        elif extra:
            observe(extra, 0)

    with pytest.raises(Parted, match=text):
        compare(torch, program, broken=True)


def test_interrupted_comparison_keeps_what_it_has():
    ours = Engine("minitorch_np", torch, "experiments")
    theirs = Engine("torch-cpu", torch, "reference")
    comparison = Comparison(ours, theirs, Follower(torch, Scale()))

    def interrupt(sight):
        if (sight.name, sight.step) == ("step", 1):
            raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        lockstep(
            ours,
            theirs,
            lambda engine, observe: training(engine.library, observe),
            comparison=comparison,
            tick=interrupt,
        )
    assert sum(comparison.tallies["loss"].counts.values()) == 2
    assert threading.active_count() == before


def test_free_running_keeps_a_curve_for_each_training_also_when_interrupted():
    def run(engine, observe):
        for title in ("first", "second"):
            observe("start", 0, title=title)
            for step in range(2):
                observe("step", step, **{"SGD.loss": float(step)})
        raise KeyboardInterrupt

    record = FreeRun("torch-cpu")
    with pytest.raises(KeyboardInterrupt):
        free_run(Engine("torch-cpu", torch, "reference"), run, record=record)
    assert record.steps == {"first": [0.0, 1.0], "second": [0.0, 1.0]}
    assert record.seconds is None


def test_free_running_keeps_curves_and_seconds():
    def run(engine, observe):
        for step in range(3):
            observe("step", step, **{"SGD.loss": torch.tensor(3.0 - step), "logits": None})
        observe("epoch", 0, accuracy=0.5)
        return {"accuracy": 0.5}

    found = free_run(Engine("torch-cpu", torch, "reference"), run)
    assert found.steps == {"SGD.loss": [3.0, 2.0, 1.0]}
    assert found.epochs == {"accuracy": [0.5]}
    assert found.number("accuracy") == 0.5
    assert found.number("loss") is None
    assert 0 <= found.seconds < 1


@pytest.mark.parametrize(
    ("theirs", "first", "parted"),
    [([1.0, 1.0, 1.0], None, None), ([1.0, 1.00001, 1.0], 1, None), ([1.0, 1.00001, 2.0], 1, 2)],
)
def test_first_step_at_which_curves_part(theirs, first, parted):
    ours = FreeRun("minitorch_np", steps={"loss": [1.0, 1.0, 1.0]})
    (course,) = courses(ours, FreeRun("torch-cpu", steps={"loss": theirs}))
    assert (course.first_difference, course.parted) == (first, parted)


def test_what_runs_between_observed_steps_is_not_followed():
    def program(library, observe):
        for step in (0, 201):
            w = library.ones(3)
            observe("state", step, w=w)
            w.mul_(2)
            observe("step", step, w=w)
            observe("update", step, w=w)
            for _ in range(100):
                w.add_(1)

    for library in LIBRARIES:
        ours = Engine("minitorch_np", library, "experiments")
        theirs = Engine("torch-cpu", torch, "reference")
        found = lockstep(ours, theirs, lambda engine, observe: program(engine.library, observe))
        assert 1 <= found.follower.calls < 10
        assert (found.judged, found.unjudged) == (2, 2)
        assert found.tallies["w at start"].verdict == "bit-equal"
