"""The handle of a hook: as torch.utils.hooks has it."""

import copy
import gc
import pickle
from collections import OrderedDict
from typing import Any

from tests.oracle import same, sample


def test_removal() -> None:
    def f(torch: Any) -> Any:
        hooks, extra, more = OrderedDict(), OrderedDict(), OrderedDict()
        handle = torch.utils.hooks.RemovableHandle(hooks, extra_dict=[extra, more])
        other = torch.utils.hooks.RemovableHandle(hooks, extra_dict=extra)
        for d in (hooks, extra, more):
            d[handle.id] = d[other.id] = 1
        handle.remove()
        handle.remove()
        counts = [len(d) for d in (hooks, extra, more)]
        with other as entered:
            same_one = entered is other
        return counts, [len(d) for d in (hooks, extra, more)], same_one, other.id - handle.id

    same(f)


def test_nothing_is_kept_alive() -> None:
    def f(torch: Any) -> Any:
        hooks = OrderedDict()
        handle = torch.utils.hooks.RemovableHandle(hooks, extra_dict=3)
        states = [handle.__getstate__()[0] is hooks, handle.__getstate__()[2]]
        del hooks
        gc.collect()
        handle.remove()
        return states, handle.__getstate__()[0], handle.__getstate__()[2], handle.extra_dict_ref

    same(f)


def test_pickled_and_copied() -> None:
    def f(torch: Any) -> Any:
        hooks, extra = OrderedDict(), OrderedDict()
        handle = torch.utils.hooks.RemovableHandle(hooks, extra_dict=extra)
        hooks[handle.id] = extra[handle.id] = 7
        first, both = pickle.loads(pickle.dumps((handle, hooks, extra)))[0], copy.copy(handle)
        whole = pickle.loads(pickle.dumps((handle, hooks, extra)))
        kept = list(whole[1].values()), list(whole[2].values())
        whole[0].remove()
        both.remove()
        del whole
        dead = first.hooks_dict_ref()
        first.remove()
        later = torch.utils.hooks.RemovableHandle(hooks)
        return (
            kept,
            len(hooks),
            len(extra),
            dead is None,
            first.id == handle.id,
            later.id - handle.id,
        )

    same(f)


def test_an_old_state() -> None:
    def f(torch: Any) -> Any:
        kind = torch.utils.hooks.RemovableHandle
        handle = kind.__new__(kind)
        handle.__setstate__((None, kind.next_id + 5))
        handle.remove()
        return handle.__getstate__()[0], handle.extra_dict_ref, kind.next_id - handle.id

    same(f)


def test_every_handle_is_of_one_kind() -> None:
    def f(torch: Any, x: Any) -> Any:
        y = x * 2
        layer = torch.nn.Linear(3, 2)
        handles = [
            x.register_hook(print), y.register_hook(print), y.grad_fn.register_hook(print),
            y.grad_fn.register_prehook(print), x.register_post_accumulate_grad_hook(print),
            layer.register_forward_hook(print), layer.register_forward_pre_hook(print),
            layer.register_full_backward_hook(print), layer.register_full_backward_pre_hook(print),
            layer.register_load_state_dict_post_hook(print),
        ]  # fmt: skip
        ids = [handle.id for handle in handles]
        found = [type(h).__name__ for h in handles], [i - ids[0] for i in ids]
        del y, layer
        for handle in handles:
            handle.remove()
        return found

    same(f, sample(3), grad=False)


def test_its_class_is_named_as_in_torch() -> None:
    def f(torch: Any, x: Any) -> Any:
        kind = type(x.register_hook(lambda g: g))
        return kind.__module__ == f"{torch.__name__}.utils.hooks", kind.__qualname__

    same(f, sample(2))
