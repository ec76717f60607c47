"""The step in JAX, MyGrad, HIPS autograd and tinygrad, each as its own documentation writes one."""

from itertools import cycle
from typing import Any

import numpy as np

from benchmarks.peers import BETAS, EPS, MOMENTUM, RATE, Problem, Step, library
from benchmarks.peers.by_hand import adam, sgd

__all__ = ["hips_autograd", "jax_jit", "my_grad", "tiny_grad"]


def jax_jit(what: Problem) -> Step:
    """One compiled function from parameters and state to the next, whose memory it reuses."""
    jax = library("jax")
    jnp, tree = jax.numpy, jax.tree_util.tree_map
    parameters = [(jnp.array(w), jnp.array(b)) for w, b in what.weights]
    images, turns = jnp.array(what.images), cycle([jnp.array(one) for one in what.labels])

    def loss_of(layers: Any, x: Any, y: Any) -> Any:
        for weight, bias in layers[:-1]:
            x = jax.nn.relu(x @ weight.T + bias)
        logs = jax.nn.log_softmax(x @ layers[-1][0].T + layers[-1][1])
        return -jnp.take_along_axis(logs, y[:, None], 1).mean()

    def sgd_step(values: Any, state: Any, x: Any, y: Any) -> Any:
        loss, g = jax.value_and_grad(loss_of)(values, x, y)
        state = tree(lambda buffer, one: MOMENTUM * buffer + one, state, g)
        return loss, tree(lambda value, buffer: value - RATE["SGD"] * buffer, values, state), state

    def adam_step(values: Any, state: Any, x: Any, y: Any) -> Any:
        (a, b), (means, squares, count) = BETAS, state
        loss, g = jax.value_and_grad(loss_of)(values, x, y)
        count = count + 1
        means = tree(lambda mean, one: a * mean + (1 - a) * one, means, g)
        squares = tree(lambda square, one: b * square + (1 - b) * one * one, squares, g)
        rate, root = RATE["Adam"] / (1 - a**count), jnp.sqrt(1 - b**count)

        def moved(value: Any, mean: Any, square: Any) -> Any:
            return value - rate * mean / (jnp.sqrt(square) / root + EPS)

        return loss, tree(moved, values, means, squares), (means, squares, count)

    def zeros() -> Any:
        return tree(jnp.zeros_like, parameters)

    state = zeros() if what.optimizer == "SGD" else (zeros(), zeros(), jnp.zeros(()))
    chosen = sgd_step if what.optimizer == "SGD" else adam_step
    compiled = jax.jit(chosen, donate_argnums=(0, 1))

    def step() -> object:
        nonlocal parameters, state
        loss, parameters, state = jax.block_until_ready(
            compiled(parameters, state, images, next(turns))
        )
        return loss

    return step


def my_grad(what: Problem) -> Step:
    """MyGrad's tensors and its neural network functions; the update in NumPy."""
    mg = library("mygrad")
    relu = library("mygrad.nnet.activations").relu
    loss_of = library("mygrad.nnet.losses").softmax_crossentropy
    layers = [(mg.tensor(w), mg.tensor(b)) for w, b in what.copies()]
    values = [value for layer in layers for value in layer]
    update = {"SGD": sgd, "Adam": adam}[what.optimizer]([value.data for value in values])
    images, turns = what.images, cycle(what.labels)

    def step() -> object:
        x = images
        for weight, bias in layers[:-1]:
            x = relu(mg.matmul(x, weight.T) + bias)
        loss = loss_of(mg.matmul(x, layers[-1][0].T) + layers[-1][1], next(turns))
        loss.backward()
        update([value.grad for value in values])
        return loss

    return step


def hips_autograd(what: Problem) -> Step:
    """Autograd's NumPy and `value_and_grad`; the update in NumPy."""
    anp, value_and_grad = library("autograd.numpy"), library("autograd").value_and_grad
    layers = what.copies()
    update = {"SGD": sgd, "Adam": adam}[what.optimizer]([v for layer in layers for v in layer])
    images, turns, rows = what.images, cycle(what.labels), np.arange(len(what.images))

    def loss_of(layers: Any, labels: Any) -> Any:
        x = images
        for weight, bias in layers[:-1]:
            x = anp.maximum(anp.dot(x, weight.T) + bias, 0)
        logits = anp.dot(x, layers[-1][0].T) + layers[-1][1]
        logits = logits - anp.max(logits, axis=1, keepdims=True)
        logs = logits - anp.log(anp.sum(anp.exp(logits), axis=1, keepdims=True))
        return -anp.mean(logs[rows, labels])

    both = value_and_grad(loss_of)

    def step() -> object:
        loss, gradients = both(layers, next(turns))
        update([g for layer in gradients for g in layer])
        return loss

    return step


def tiny_grad(what: Problem) -> Step:
    """Tinygrad's tensors and optimizers, under its TinyJit."""
    tiny = library("tinygrad")
    optimizers = library("tinygrad.nn.optim")
    tensor = tiny.Tensor
    layers = [(tensor(w).realize(), tensor(b).realize()) for w, b in what.copies()]
    values = [value for layer in layers for value in layer]
    for value in values:
        value.requires_grad = True
    images, turns = tensor(what.images).realize(), cycle([tensor(y).realize() for y in what.labels])
    if what.optimizer == "SGD":
        optimizer = optimizers.SGD(values, lr=RATE["SGD"], momentum=MOMENTUM)
    else:
        optimizer = optimizers.Adam(values, lr=RATE["Adam"], b1=BETAS[0], b2=BETAS[1], eps=EPS)

    @tiny.TinyJit
    def once(labels: Any) -> Any:
        optimizer.zero_grad()
        x = images
        for weight, bias in layers[:-1]:
            x = (x @ weight.T + bias).relu()
        logits = x @ layers[-1][0].T + layers[-1][1]
        loss = logits.sparse_categorical_crossentropy(labels).backward()
        return loss.realize(*optimizer.schedule_step())

    def step() -> object:
        with tensor.train():
            return once(next(turns)).item()

    return step
