import minitorch_np as torch

torch.autograd.set_flight_recorder(True)
w = torch.ones(3, requires_grad=True)
h = (w * 2).exp()
loss = (h * h).sum()
first = h[:1]
first.mul_(0.5)
loss.backward()
