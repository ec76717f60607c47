"""Statements that go backward, and all that looks at it or has a say in it.

The places of the text are those of `vocabulary.py`; `custom.py` has the Functions and the module.
"""

__all__ = ["BACKWARD", "CUSTOM", "GRAD", "GRADS", "HOOKS", "SAVED", "SECOND"]

MODULE_HOOKS = (
    "forward_pre_hook", "forward_pre_hook change", "forward_hook", "full_backward_hook",
    "full_backward_hook change", "full_backward_pre_hook", "full_backward_pre_hook change",
    "backward_hook", "module_forward_pre_hook", "module_forward_hook",
    "module_full_backward_hook", "module_full_backward_pre_hook", "module_backward_hook",
)  # fmt: skip

CUSTOM = (
    "Cube.apply({x})", "Exp.apply({x})", "Once.apply({x})", "Same.apply({x})", "Same.apply({x})",
    "Seen.apply({x})", "Seen.apply({x})", "Dirty.apply({x})", "Dirty.apply({x})",
    "Pair.apply({x})[0]", "Pair.apply({x})[1]", "Halved.apply({x})[0]", "Halved.apply({x})[1]",
    "Lost.apply({x}, {y})", "Dirty.apply({x}.view(-1))", "Dirty.apply({x}[0])",
    "Same.apply({x}[0])", "Seen.apply({x}).mul_(2)", "Cube.apply({x}).mul_(2)",
    "Exp.apply({x}).mul_(2)",
    "torch.utils.checkpoint.checkpoint(lambda t: t.tanh() * {y}, {x}, use_reentrant=False)",
    "torch.utils.checkpoint.checkpoint(lambda t: t.tanh() * 2, {x}, use_reentrant=True)",
    *(f"hooked({{x}}, '{kind}')" for kind in MODULE_HOOKS),
)  # fmt: skip

CONTEXTS = (
    ("saved_tensors_hooks(lambda t: log.append(('{x} kept', tuple(t.shape), t.is_leaf)) or t, "
     "lambda t: t)"),
    ("saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: log.append('{x} wanted') or t)"),
    "saved_tensors_hooks(lambda t: t.mul_(2), lambda t: t)", "save_on_cpu()",
    "saved_tensors_hooks(lambda t: t, lambda t: None)",
    "saved_tensors_hooks(lambda t: t.detach() * 2, lambda t: t)", "save_on_cpu(pin_memory=False)",
    "disable_saved_tensors_hooks('not here')", "allow_mutation_on_saved_tensors()",
)  # fmt: skip

SAVED = (
    *(f"with torch.autograd.graph.{c}: {{new}} = {{x}} * {{y}}" for c in CONTEXTS),
    *(f"with torch.autograd.graph.{c}: {{new}} = {{x}}.tanh()" for c in CONTEXTS),
    *(f"with torch.autograd.graph.{c}: {{x}}.mul_({{y}})" for c in CONTEXTS),
    *(f"with torch.autograd.graph.{c}: {{new}} = Cube.apply({{x}})" for c in CONTEXTS),
    ("with torch.autograd.graph.allow_mutation_on_saved_tensors(): {new} = {x} * 1; "
     "{new2} = {new} * {new}; {new}.mul_(2); {new2}.sum().backward()"),
)  # fmt: skip

HOOKS = (
    ("{x}.view_as({x}).grad_fn.next_functions[0][0].register_hook(lambda i, o: log.append("
     "('{x} leaf', len(i), [None if g is None else g.detach().clone() for g in o])))"),
    ("{x}.grad_fn.next_functions[0][0].register_prehook(lambda o: log.append("
     "('before {x}', [None if g is None else g.detach().clone() for g in o])))"),
    "{new} = {x}.grad_fn", "h = {x}.grad_fn.register_hook(lambda i, o: None)",
    "{x}.register_hook(lambda g: log.append(('{x}', g.detach().clone())))",
    "{x}.register_hook(lambda g: log.append(('{x}', g.detach().clone())))",
    "{x}.register_hook(lambda g: g * 2)", "{x}.register_hook(lambda g: g.clone())",
    "{new} = {x}.register_hook(lambda g: g * 3)", "{new} = {x}.register_hook(lambda g: None)",
    "h = {x}.register_hook(lambda g: g * 4)", "h.remove()", "h.remove()", "{x}.retain_grad()",
    "{x}.retain_grad()", "{x}.retain_grad()",
    ("{x}.grad_fn.register_hook(lambda i, o: log.append(('{x} node', [(None if g is None "
     "else g.detach().clone()) for g in (*i, *o)])))"),
    "{x}.grad_fn.register_hook(lambda i, o: tuple(None if g is None else g * 2 for g in i))",
    ("{x}.grad_fn.register_prehook(lambda o: log.append(('{x} before', [(None if g is None "
     "else g.detach().clone()) for g in o])))"),
    "{x}.grad_fn.register_prehook(lambda o: tuple(None if g is None else g * 2 for g in o))",
    "{x}.register_post_accumulate_grad_hook(lambda p: log.append(('{x} after', p.grad.clone())))",
    "{x}.register_post_accumulate_grad_hook(lambda p: setattr(p, 'grad', None))",
    "h = {x}.register_post_accumulate_grad_hook(lambda p: setattr(p, 'note', p.grad.zero_()))",
    "{x}.register_hook(lambda g: g.mul_(2))", "{x}.register_hook(lambda g: {y})",
    ("torch.autograd.graph.register_multi_grad_hook(({x}, {y}), lambda gs: log.append(("
     "'{x} {y}', [None if g is None else g.detach().clone() for g in gs])))"),
    ("torch.autograd.graph.register_multi_grad_hook(({x}, {y}), lambda g: log.append("
     "('any {x} {y}', g.detach().clone())), mode='any')"),
    "{new} = torch.autograd.graph.register_multi_grad_hook([{x}], lambda gs: None)",
    "{x}.register_hook(lambda g: h.remove())", "{x}.grad_fn.register_prehook(lambda o: h.remove())",
    "torch.autograd.graph.increment_version({x})", "{x}.grad_fn.metadata['note'] = 1",
    "{x}.grad_fn._raw_saved_self.register_hooks(lambda t: t.detach() * 2, lambda t: t)",
    "log.append({x}.grad_fn._saved_self.shape)", "log.append({x}.grad_fn._saved_result.sum())",
    "{x}.register_hook(lambda g: torch.autograd.grad({y}.sum(), {y}, allow_unused=True) and None)",
    "{x}.register_hook(lambda g: ({y} * 2).sum().backward())",
)  # fmt: skip

BACKWARD = (
    "{x}.sum().backward()", "{x}.backward(torch.ones_like({x}))", "{x}.backward()",
    "({x} * {x}).sum().backward(retain_graph=True)", "{x}.sum().backward(retain_graph=True)",
    "{x}.tanh().sum().backward()",
    "({x} * torch.arange({x}.numel()).reshape({x}.shape)).sum().backward(retain_graph=True)",
    "{x}.backward({y}, retain_graph=True)", "{x}.sum().backward(retain_graph=True, inputs=[{y}])",
    "{x}.backward({y})", "{x}.sum().backward(inputs=[])", "torch.autograd.backward([{x}], [None])",
    "torch.autograd.backward(torch.autograd.graph.get_gradient_edge({x}), {x}, retain_graph=True)",
    "{x}.sum().backward(inputs=[torch.autograd.graph.get_gradient_edge({y})], retain_graph=True)",
    "({x} ** 3).sum().backward(create_graph=True, inputs=[{y}])",
    "{x}.sum().backward(inputs={y})", "{x}.sum().backward(retain_graph=True, inputs=[{y}, {z}])",
    "torch.autograd.backward([{x}.sum(), {y}.sum()], retain_graph=True)",
    "torch.autograd.backward([{x}, {y}], [{x}, {y}], retain_graph=True)",
    "({x} * {y}).sum().backward(retain_graph=True)", "{x}.sum().backward(create_graph=True)",
    "({x} * {x} * {x}).sum().backward(create_graph=True)",
)  # fmt: skip

GRADS = (
    "{new}, = torch.autograd.grad({x}.sum(), {y}, retain_graph=True)",
    "{new}, = torch.autograd.grad({x}.sum(), {y}, create_graph=True)",
    "{new}, = torch.autograd.grad(({x} * {x}).sum(), {y}, create_graph=True)",
    "{new}, = torch.autograd.grad(({x} * {x} * {y}).sum(), [{y}], create_graph=True)",
    "{new}, = torch.autograd.grad({x}.tanh().sum(), {y}, create_graph=True, allow_unused=True)",
    ("{new}, {new2} = torch.autograd.grad({x}.sum(), [{y}, {z}], retain_graph=True, "
     "allow_unused=True)"),
    "{new}, = torch.autograd.grad({x}, {y}, {x}, create_graph=True)",
    "{new}, = torch.autograd.grad({x}.sum(), {y}, create_graph=True, materialize_grads=True)",
    "{new}, = torch.autograd.grad({x}.sum(), {y})",
    ("{new}, {new2} = torch.autograd.grad([{x}.sum(), ({x} * {y}).sum()], [{y}, {z}], "
     "create_graph=True, allow_unused=True)"),
    ("{new}, = torch.autograd.grad({x}.sum(), torch.autograd.graph.get_gradient_edge({y}), "
     "retain_graph=True, allow_unused=True)"),
    ("{new}, = torch.autograd.grad(torch.autograd.graph.get_gradient_edge({x}), {y}, {x}, "
     "retain_graph=True)"),
    "{new}, = torch.autograd.grad({x}.sum(), {y}, allow_unused=False, materialize_grads=True)",
    ("{new}, = torch.autograd.grad({x}.sum(), {y}, retain_graph=True, allow_unused=True, "
     "materialize_grads=True)"),
    "{new} = torch.autograd.grad({x}.sum(), {{'one': {y}}}, retain_graph=True)['one']",
    "{new}, = torch.autograd.grad({x}, {y}, {z}, retain_graph=True, allow_unused=True)",
)  # fmt: skip

SECOND = (
    ("{new}, = torch.autograd.grad(torch.autograd.grad(({x} ** 3).sum(), {y}, create_graph=True)"
     "[0].sum(), {y}, retain_graph=True, allow_unused=True)"),
    ("{new}, = torch.autograd.grad(torch.autograd.grad({x}.tanh().sum(), {y}, create_graph=True)"
     "[0].pow(2).sum(), {z}, create_graph=True, allow_unused=True)"),
    "torch.autograd.grad(({x} * {x}).sum(), {y}, create_graph=True)[0].sum().backward()",
    "({x} * {x} * {x}).sum().backward(create_graph=True); {y}.grad.sum().backward()",
    "{new} = torch.autograd.functional.hvp(lambda t: (t ** 3).sum(), {x}, {y})[1]",
    "{new} = torch.autograd.functional.vjp(lambda t: t.tanh(), {x}, {y})[1]",
    "{new} = torch.autograd.functional.jvp(lambda t: t * t, {x}.detach(), {y}.detach())[1]",
    "{new} = torch.autograd.functional.hessian(lambda t: (t ** 3).sum(), {x}.detach())",
    "{new} = torch.autograd.functional.jacobian(lambda t: t.cumsum(0), {x}, create_graph=True)",
    ("with torch.autograd.forward_ad.dual_level(): {new} = torch.autograd.forward_ad.unpack_dual("
     "torch.autograd.forward_ad.make_dual({x}.detach(), {y}.to({x}).detach()).tanh()).tangent"),
    ("with torch.autograd.forward_ad.dual_level(): {new} = torch.autograd.forward_ad.unpack_dual("
     "torch.autograd.forward_ad.make_dual({x}.detach(), {y}.to({x}).detach()) * 2).tangent"),
)  # fmt: skip

GRAD = (
    "{x}.grad = None", "{x}.grad = None", "del {x}.grad", "{x}.grad.zero_()", "{x}.grad.mul_(2)",
    "{x}.grad = {y}", "{x}.grad = {y}.grad", "{x}.grad = {x}.detach().clone()",
    "{x}.grad.detach_()", "{x}.grad.requires_grad_(False)",
)  # fmt: skip
