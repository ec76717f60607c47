"""What tests of schedules share: an optimizer of two groups, and a comparison bit for bit."""

from tests.oracle import same


def optimizer_of(torch, name="SGD", tensor=False):
    params = [torch.nn.Parameter(torch.ones(2)) for _ in range(2)]
    lr = torch.tensor(0.1) if tensor else 0.1
    groups = [{"params": params[:1]}, {"params": params[1:], "lr": 0.37}]
    options = {"momentum": 0.9} if name == "SGD" else {}
    return getattr(torch.optim, name)(groups, lr=lr, **options)


def exactly(f):
    """`same`, floats bit for bit: as hexadecimal texts."""

    def text(x):
        if isinstance(x, float):
            return x.hex()
        if isinstance(x, dict):
            return {str(k): text(v) for k, v in x.items()}
        if isinstance(x, (list, tuple)):
            return [text(v) for v in x]
        return x

    same(lambda torch: text(f(torch)), exact=True)
