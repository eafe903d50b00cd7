"""What the measures of a flow mean, and what to try."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from .measures import Layer, ParameterFlow

WEAK, STRONG = 1e-3, 1e3  # a gradient that much smaller, or larger, than where it came from
MOST = 0.5  # more dead units, or saturated values, than this part of all
FAST, SLOW = 0.1, 1e-5  # an update, relative to the norm of the weight
SEVERAL = 5  # time steps from which on the first and the last are compared


@dataclass(frozen=True)
class Verdict:
    """What is wrong, where, what was measured, and what to try."""

    name: str
    measured: str
    advice: str

    def __str__(self) -> str:
        return f"{self.name}: {self.measured}\n    try: {self.advice}"


def verdicts(layers: list[Layer], parameters: list[ParameterFlow]) -> list[Verdict]:
    """All that is to be said; nothing, if all is well."""
    return [
        *_not_finite(layers),
        *_through_layers(layers),
        *_through_time(layers),
        *_dead(layers),
        *_saturated(layers),
        *_updates(parameters),
    ]


def _not_finite(layers: list[Layer]) -> Iterator[Verdict]:
    for layer in layers:
        if not isfinite(layer.grad_norm) or not all(isfinite(step.mean) for step in layer.steps):
            yield Verdict(
                "not finite",
                f"{layer.name} has values or gradients that are inf or nan",
                "a smaller learning rate; autograd.detect_anomaly() names the op that began it",
            )
            return


def _through_layers(layers: list[Layer]) -> Iterator[Verdict]:
    layers = layers[: max((i + 1 for i, layer in enumerate(layers) if not layer.bends), default=0)]
    if len(layers) < 2 or not all(isfinite(layer.grad_norm) for layer in layers):
        return
    *before, last = layers  # the output's activation left out: it passes little when it has learnt its answer
    least, most = (choose(before, key=lambda layer: layer.grad_norm) for choose in (min, max))
    if least.grad_norm == 0 < last.grad_norm:
        first = max((layer for layer in before if layer.grad_norm == 0), key=layers.index)
        yield Verdict(
            "no gradient",
            f"none arrives at {first.name}, while its norm is {last.grad_norm:.2g} at {last.name}",
            "look at what follows: units that are dead, or .detach(), .data or no_grad in forward()",
        )
    elif least.grad_norm < WEAK * last.grad_norm:
        sigmoids = sum(layer.op == "sigmoid" for layer in layers[layers.index(least) :])
        instead = f"ReLU or tanh for the {sigmoids} sigmoids, each of which passes a quarter or less; " * bool(sigmoids)
        yield Verdict(
            "vanishing gradients",
            f"the gradient norm is {last.grad_norm:.2g} at {last.name}, and {least.grad_norm:.2g} at {least.name}",
            f"{instead}larger weights at the start, nn.init.kaiming_normal_(weight, nonlinearity='relu'); "
            "normalization; x + f(x)",
        )
    if most.grad_norm > STRONG * last.grad_norm > 0:
        yield Verdict(
            "exploding gradients",
            f"the gradient norm is {last.grad_norm:.2g} at {last.name}, and {most.grad_norm:.2g} at {most.name}",
            "smaller weights at the start, nn.init.xavier_uniform_(weight); normalization; nn.utils.clip_grad_norm_",
        )


def _through_time(layers: list[Layer]) -> Iterator[Verdict]:
    """Of the layers with time steps, the one that is worst.

    Activations are left out: the first forget gate of an LSTM meets a cell of zeros, and gets no gradient.
    """
    with_time = (layer for layer in layers if len(layer.steps) >= SEVERAL and not layer.bends)
    long = [layer for layer in with_time if layer.steps[-1].grad_norm > 0]
    if not long:
        return
    least, most = (choose(long, key=_kept) for choose in (min, max))
    if _kept(least) < WEAK:
        steps = len(least.steps)
        gated = least.op in ("lstm", "gru") or any(x.op == "sigmoid" and len(x.steps) == steps for x in layers)
        cell = "a forget gate that begins open (its bias at 1 or more)" if gated else "nn.LSTM or nn.GRU"
        yield Verdict(
            "vanishing through time",
            _first_and_last(least),
            f"{cell}; a loss at every step, or the mean of all states, and not the last alone; attention",
        )
    if _kept(most) > STRONG:
        yield Verdict(
            "exploding through time",
            _first_and_last(most),
            "nn.utils.clip_grad_norm_(model.parameters(), 1.0) before the step; nn.init.orthogonal_ for weight_hh",
        )


def _kept(layer: Layer) -> float:
    """What has become, at the first step, of the gradient at the last."""
    return layer.steps[0].grad_norm / layer.steps[-1].grad_norm


def _first_and_last(layer: Layer) -> str:
    first, last = layer.steps[0].grad_norm, layer.steps[-1].grad_norm
    return f"at {layer.name} the gradient norm is {last:.2g} at step {len(layer.steps)}, {first:.2g} at step 1"


def _dead(layers: list[Layer]) -> Iterator[Verdict]:
    found = [(step.dead / step.units, layer) for layer in layers if (step := layer.steps[-1]).dead and step.units]
    for part, layer, more in _worst(found):
        step = layer.steps[-1]
        yield Verdict(
            "dead units",
            f"{step.dead} of {step.units} units of {layer.name} are 0 for every sample{more}: they learn nothing",
            "a smaller learning rate, nn.LeakyReLU, weights drawn anew"
            + ("; a bias or an input far below 0 explains it" if part == 1 else ""),
        )


def _saturated(layers: list[Layer]) -> Iterator[Verdict]:
    # at the output it may be what is learnt
    found = [(part, layer) for layer in layers[:-1] if (part := layer.average("saturated")) is not None]
    for part, layer, more in _worst(found):
        yield Verdict(
            "saturation",
            f"{part:.0%} of the values of {layer.name} lie where the curve is flat, at a twentieth of its slope or "
            f"less{more}",
            "smaller weights at the start, inputs of mean 0 and standard deviation 1, normalization before it",
        )


def _worst(found: list[tuple[float, Layer]]) -> Iterator[tuple[float, Layer, str]]:
    """The worst of the layers of which more than MOST is bad, and a word on the others."""
    bad = [pair for pair in found if pair[0] > MOST]
    if bad:
        part, layer = max(bad, key=lambda pair: pair[0])
        names = ", ".join(other.name for _, other in bad if other is not layer)
        yield part, layer, f" (likewise {names})" if names else ""


def _updates(parameters: list[ParameterFlow]) -> Iterator[Verdict]:
    moved = [(p.ratio, p) for p in parameters if len(p.shape) > 1 and p.ratio is not None]
    if not moved:
        return
    ratio, p = max(moved, key=lambda pair: pair[0])
    if ratio > FAST:
        yield Verdict(
            "large updates",
            f"{p.name} changed by {ratio:.2g} times its norm in one step; about 0.001 is usual",
            "a smaller learning rate, or nn.utils.clip_grad_norm_(model.parameters(), 1.0) before the step",
        )
    if ratio < SLOW and (p.used or 0) > MOST:
        yield Verdict(
            "small updates",
            f"{p.name} changed by {ratio:.1g} times its norm, and no weight by more; about 0.001 is usual"
            if ratio
            else "no weight has changed: each update is 0, or too small for the weight's digits; about 0.001 is usual",
            "a larger learning rate",
        )
