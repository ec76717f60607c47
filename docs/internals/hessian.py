import minitorch_np as torch
from minitorch_np.func import grad, hessian, vmap


def f(x):
    return x[0] ** 4 + x[0] * x[1] ** 3


print(hessian(f)(torch.tensor([1.0, 3.0])))
print(vmap(grad(f))(torch.tensor([[1.0, 3.0], [2.0, 1.0]])))
