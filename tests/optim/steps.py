"""Twin optimizers: the same parameters, gradients and options under both libraries."""

from tests.oracle import same

STEPS = 20


def parameters(torch, dtype="float32"):
    """Three parameters of different layouts; the last one never gets a gradient."""
    torch.manual_seed(0)
    kind = getattr(torch, dtype)
    shapes = (4, 3), (5,), (2,)
    made = [torch.nn.Parameter(torch.rand(*shape).to(kind) - 0.5) for shape in shapes]
    made[0] = torch.nn.Parameter((torch.rand(3, 4).to(kind) - 0.5).t())
    return made


def stepped(make, steps=STEPS, dtype="float32", before=None):
    """A function of the library: parameters, versions and state after `steps` steps."""

    def f(torch):
        params = parameters(torch, dtype)
        optimizer = make(torch, params)
        for _ in range(steps):
            if before is not None:
                before(optimizer)
            for p in params[:2]:
                # laid out as its parameter, as backward makes it: fused kernels count on that
                p.grad = torch.empty_like(p.detach()).copy_(torch.rand(*p.shape) - 0.3)
            optimizer.step()
        state = optimizer.state_dict()
        return (
            params,
            [p._version for p in params],
            repr(optimizer),
            state["param_groups"],
            {str(k): v for k, v in state["state"].items()},
        )

    return f


def same_steps(make, *, tol=None, **options):
    """Assert that twin optimizers agree after every step, to rounding."""
    same(stepped(make, **options), tol=tol)


def same_error(make):
    """Assert that construction, or what follows, raises the same."""
    same(lambda torch: repr(make(torch, parameters(torch))))
