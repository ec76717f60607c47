"""In-place writes: versions, stale saved tensors, and histories of bases and views."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle import same, sample

Case = Callable[[Any, Any, Any], Any]


def chain(*writes: Callable[[Any, Any], Any]) -> Case:
    """A non-leaf, written to by each of `writes`; returns it and something computed from it."""

    def f(torch: Any, x: Any, y: Any) -> Any:
        a = x * 2
        for write in writes:
            write(a, y)
        return a, a * 3, a._version

    return f


WRITES: dict[str, Case] = {
    "mul_": chain(lambda a, y: a.mul_(y)),
    "add_ twice": chain(lambda a, y: a.add_(y), lambda a, y: a.add_(y)),
    "self": chain(lambda a, y: a.mul_(a)),
    "through a view": chain(lambda a, y: a.transpose(0, 1).mul_(y.transpose(0, 1))),
    "through a view of a view": chain(lambda a, y: a.view(-1).view(3, 2).add_(1)),
    "copy_": chain(lambda a, y: a.copy_(y)),
    "copy_ into a part": chain(lambda a, y: a.transpose(0, 1)[0].copy_(y[:, 0])),
    "fill_": chain(lambda a, y: a.fill_(3)),
    "zero_ a part": chain(lambda a, y: a[0].zero_()),
    "two parts": chain(lambda a, y: a[0].mul_(2), lambda a, y: a[1].mul_(y[0])),
}


@pytest.mark.parametrize("case", WRITES)
def test_history_after_a_write(case: str) -> None:
    same(WRITES[case], sample(2, 3), sample(2, 3, seed=1), second=True)


def test_a_view_made_before_sees_the_write() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        a = x * 2
        v = a.view(3, 2)
        a.mul_(y)
        return v, v.grad_fn.name(), v * 2

    same(f, sample(2, 3), sample(2, 3, seed=1), second=True)


def test_a_base_that_needed_no_gradient_gets_one() -> None:
    def f(torch: Any, x: Any) -> Any:
        base = torch.zeros(2, 3)
        row = base[0]
        row.copy_(x)
        other = base[1]
        return base, row.requires_grad, other.requires_grad, base * 2

    same(f, sample(3))


def test_a_view_written_under_no_grad() -> None:
    def f(torch: Any, x: Any) -> Any:
        a = x * 2
        with torch.no_grad():
            v = a.view(-1)
        v.mul_(2)
        return a

    same(f, sample(2, 3))


STALE: dict[str, Case] = {
    "saved input": lambda torch, x, y: _after(x * 2, lambda a: a * y, lambda a: a.add_(1)),
    "saved through a view": lambda torch, x, y: _after(
        x * 2, lambda a: a.view(-1) * 2 * a.view(-1), lambda a: a.add_(1)
    ),
    "saved output": lambda torch, x, y: _after(x.exp(), lambda a: a * 2, lambda a: a.mul_(2)),
    "saved leaf of no gradient": lambda torch, x, y: _after(
        y.detach().clone(), lambda a: a * x, lambda a: a.add_(1)
    ),
    "detach shares the version": lambda torch, x, y: _after(
        x * 2, lambda a: a * y, lambda a: a.detach().zero_()
    ),
    "not saved": lambda torch, x, y: _after(x * 2, lambda a: a + y, lambda a: a.add_(1)),
}


def _after(a: Any, use: Callable[[Any], Any], write: Callable[[Any], Any]) -> Any:
    result = use(a)
    write(a)
    return result


@pytest.mark.parametrize("case", STALE)
def test_stale_saved_tensors_are_refused(case: str) -> None:
    same(STALE[case], sample(2, 3), sample(2, 3, seed=1))


def test_data_shares_memory_but_no_version() -> None:
    def f(torch: Any, x: Any) -> Any:
        a = x * 2
        b = a * a
        a.data.zero_()
        return b, a._version

    same(f, sample(3))


HOOKED: dict[str, Case] = {
    "retained": lambda torch, a, y: a.retain_grad(),
    "hooked": lambda torch, a, y: a.register_hook(lambda g: g * 2),
    "retained and hooked": lambda torch, a, y: (
        a.register_hook(lambda g: g * 2),
        a.retain_grad(),
    ),
    "node hooked": lambda torch, a, y: a.grad_fn.register_prehook(lambda g: (g[0] * 3,)),
}


@pytest.mark.parametrize("through", [lambda a: a, lambda a: a.view(-1), lambda a: a.t()[1:]])
@pytest.mark.parametrize("hooked", HOOKED)
def test_hooks_on_what_is_written_to_afterwards(hooked: str, through: Callable[[Any], Any]) -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        a = x * 2
        v = through(a)
        HOOKED[hooked](torch, v, y)
        v.mul_(v.detach())
        HOOKED[hooked](torch, a, y)
        a.mul_(y)
        (v.sum() + (a * a).sum()).backward()
        kept = [t.grad if t.retains_grad else None for t in (a, v)]
        return kept, x.grad, a.retains_grad, v.retains_grad

    same(f, sample(2, 3), sample(2, 3, seed=1))


def test_a_hook_on_an_output_that_no_gradient_reaches() -> None:
    def f(torch: Any, x: Any) -> Any:
        log: list[Any] = []
        first, second = (x * 2).unbind(0)
        first.register_hook(lambda g: log.append(g))
        second.register_hook(lambda g: log.append(g.clone()))
        second.sum().backward()
        return log, x.grad

    same(f, sample(2, 3))


def test_what_is_captured_has_met_the_hooks_only_where_the_walk_ends() -> None:
    def f(torch: Any, x: Any) -> Any:
        a = x * 2
        a.register_hook(lambda g: g * 5)
        out = (a * a).sum()
        ends = torch.autograd.grad(out, a, retain_graph=True)
        return ends, torch.autograd.grad(out, (a, x))

    same(f, sample(3))


def test_hooks_of_a_node_that_backward_ends_at() -> None:
    def f(torch: Any, x: Any) -> Any:
        log: list[Any] = []
        a = x.exp()
        a.grad_fn.register_hook(lambda i, o: log.append((i, o[0].clone())))
        a.grad_fn.register_prehook(lambda o: log.append(o[0].clone()))
        (a * 3).sum().backward(inputs=[a], retain_graph=True)
        torch.autograd.grad((a * 2).sum(), a, retain_graph=True)
        with torch.no_grad():
            a.mul_(2)
        (a * 3).sum().backward(inputs=[a])
        return log

    same(f, sample(3))


def test_hooks_on_a_node_see_gradients_that_fit() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        log: list[Any] = []
        out = x * y
        out.grad_fn.register_hook(lambda i, o: log.append(i))
        out.sum().backward()
        return log

    same(f, sample(2, 3), sample(3, seed=1))


def test_post_accumulate_hooks_return_nothing() -> None:
    def f(torch: Any, x: Any, returned: Any) -> Any:
        x.register_post_accumulate_grad_hook(lambda p: returned)
        x.sum().backward()

    for returned in (None, 1, sample(3), sample(2), sample(3).double()):
        same(f, sample(3), returned)


def test_a_gradient_that_a_hook_of_the_leaf_sees_is_not_copied() -> None:
    def f(torch: Any, x: Any) -> Any:
        log: list[Any] = []
        y = x * 2
        y.grad_fn.next_functions[0][0].register_hook(lambda i, o: log.append(o[0]))
        y.sum().backward()
        return log[0].data_ptr() == x.grad.data_ptr(), x.grad._version

    same(f, sample(2, 3))


def test_a_gradient_may_be_a_view_of_what_was_given() -> None:
    def f(torch: Any, x: Any) -> Any:
        g = torch.arange(6.0).view(2, 3)
        part = g.view(3, 2)
        x.view(3, 2).backward(part)
        return x.grad.data_ptr() == g.data_ptr(), x.grad, part.sum()

    same(f, sample(2, 3))


OTHERS: dict[str, Case] = {
    "a number": lambda torch, a, y: a.clamp_(-1, 1),
    "a number as a tensor": lambda torch, a, y: a.clamp_(torch.tensor(-1.0), torch.tensor(1.0)),
    "one of two": lambda torch, a, y: a.clamp_min_(y),
    "a power": lambda torch, a, y: a.pow_(2),
    "a number where": lambda torch, a, y: a.masked_fill_(y > 0, 1),
    "a tensor where": lambda torch, a, y: a.masked_fill_(y > 0, y.sum()),
    "a comparison": lambda torch, a, y: a.gt_(0),
    "a comparison of two": lambda torch, a, y: a.gt_(y),
    "a fill": lambda torch, a, y: a.fill_(2),
    "a fill by a tensor": lambda torch, a, y: a.fill_(y.sum()),
    "where": lambda torch, a, y: a.copy_(torch.where(y > 0, a, y)),
    "a remainder": lambda torch, a, y: a.remainder_(2),
    "a remainder of two": lambda torch, a, y: a.remainder_(y),
}


@pytest.mark.parametrize("through", [lambda a: a, lambda a: a.view(-1).view(2, 3)])
@pytest.mark.parametrize("case", OTHERS)
def test_overloads_for_numbers_have_fewer_edges(case: str, through: Callable[[Any], Any]) -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        a = x * 2
        OTHERS[case](torch, through(a), y)
        return a, [child and child.name() for child, _ in a.grad_fn.next_functions]

    same(f, sample(2, 3), sample(2, 3, seed=1))


def test_a_result_is_kept_whoever_asks_for_it() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        out = x.detach().pow(y) if y.requires_grad else x.pow(y)
        out.mul_(2)
        out.sum().backward()

    same(f, sample(3, low=0.5), sample(3, seed=1))
    same(f, sample(3, low=0.5), sample(3, seed=1, grad=False))


def test_the_message_names_the_view() -> None:
    def f(torch: Any, x: Any) -> Any:
        a = x * 2
        a.view(-1).exp_().mul_(2)
        a.sum().backward()

    same(f, sample(2, 3))


def test_an_index_in_a_message_has_its_newest_shape() -> None:
    def f(torch: Any, x: Any) -> Any:
        values, indices = x.max(0)
        indices.unsqueeze_(0).add_(1)
        values.sum().backward()

    same(f, sample(2, 3))


def test_copies_onto_itself() -> None:
    def f(torch: Any, x: Any) -> Any:
        a = x * 2
        wide = a[:, :1].expand(2, 3)
        wide.copy_(a[:, :1].expand(2, 3))
        return a, a._version

    same(f, sample(2, 3))


def test_lists_of_views_made_without_grad() -> None:
    def f(torch: Any, x: Any) -> Any:
        with torch.no_grad():
            v = x.view(-1)
        return torch.stack([v, v]), torch.cat([v, v])

    same(f, sample(2, 3))


def test_gradients_of_what_nothing_leads_to() -> None:
    def f(torch: Any, x: Any) -> Any:
        with torch.no_grad():
            v = x.view(-1)
        out = v.sum()
        v.register_hook(lambda g: g * 2)
        return torch.autograd.grad(out, v, allow_unused=True), v.requires_grad

    same(f, sample(2, 3))


def test_zeros_that_may_be_differentiated_again() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        return torch.autograd.grad(
            x.sum(), (x, y), create_graph=True, allow_unused=True, materialize_grads=True
        )

    same(f, sample(2, 3), sample(2, 3, seed=1), grad=False)


def test_roots_of_another_dtype() -> None:
    def f(torch: Any, x: Any) -> Any:
        x.backward(torch.ones(3, dtype=torch.float64))
        return x.grad, torch.autograd.grad(x * 2, x, torch.ones(3, dtype=torch.float64))

    same(f, sample(3))


def test_a_walk_to_one_output_meets_the_hooks_on_another() -> None:
    def f(torch: Any, x: Any) -> Any:
        log: list[Any] = []
        first, second = (x * 2).split(1)
        first.retain_grad()
        second.register_hook(lambda g: log.append(g))
        found = torch.autograd.grad(first.sum(), second, allow_unused=True, retain_graph=True)
        return found, first.grad, log

    same(f, sample(2, 3))


def test_a_message_on_indices_that_were_given_a_history() -> None:
    def f(torch: Any, x: Any) -> Any:
        values, indices = x.max(0)
        indices[..., ::2] = values[0]
        values.sum().backward()

    same(f, sample(2, 3))


STALE_BOTH: dict[str, Case] = {
    "mul": lambda torch, a, b: a * b,
    "pow": lambda torch, a, b: a.pow(b),
    "addcmul": lambda torch, a, b: torch.addcmul(a, b, b * 1),
    "lerp": lambda torch, a, b: torch.lerp(a, b, b * 1),
    "atan2": lambda torch, a, b: torch.atan2(a, b),
}


@pytest.mark.parametrize("case", STALE_BOTH)
def test_which_of_two_stale_tensors_is_named(case: str) -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        a, b = x * 1, y * 1
        out = STALE_BOTH[case](torch, a, b)
        a.add_(1)
        b.add_(1)
        out.sum().backward()

    same(f, sample(1, 3, low=0.5), sample(3, low=0.5, seed=1))


def test_a_view_is_no_leaf_once_it_was_written_to() -> None:
    def f(torch: Any, x: Any) -> Any:
        v = torch.zeros(2, 3)[0]
        v.mul_(x)
        v.retain_grad()
        (v * 2).sum().backward()
        return v.retains_grad, v.grad, x.grad

    same(f, sample(3))


def test_integers_may_be_copied_to_whatever_wants_a_gradient() -> None:
    def f(torch: Any, x: Any) -> Any:
        a = torch.zeros(8, dtype=torch.int64)
        with torch.no_grad():
            v = a.view(-1)
        v.copy_(x)

    same(f, sample(8))
    same(f, sample(3))


def test_hooks_do_not_see_edges_of_numbers() -> None:
    def f(torch: Any, x: Any) -> Any:
        log: list[Any] = []
        out = x.masked_fill(x > 0, 1)
        out.grad_fn.register_hook(lambda i, o: log.append(i) or (i[0] * 2,))
        out.sum().backward()
        return log, x.grad

    same(f, sample(3))


@pytest.mark.parametrize("name", ["leaky_relu", "relu", "elu", "sigmoid_", "tanh_"])
def test_a_view_written_to_is_walked_once(name: str) -> None:
    """A second derivative comes to what the write kept by way of the view, as the first one did."""

    def run(lib: Any, x: Any) -> object:
        view = (x * x).view(3, 2)
        F = lib.nn.functional
        written = (
            getattr(view, name)() if name.endswith("_") else getattr(F, name)(view, inplace=True)
        )
        (g,) = lib.autograd.grad((written * written).sum(), x, create_graph=True)
        (g.pow(2).sum() + written.sum()).backward()
        return x.grad

    same(run, sample(2, 3), grad=False)
