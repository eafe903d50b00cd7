"""The base of the recurrent layers: everything except the maths of a step.

A recurrent layer reads a sequence step by step and updates a state. `RNN`, `GRU` and `LSTM` differ only in how a
step computes the new state from the old, which their files define. The rest is here: stacked layers, both
directions, the two batch layouts, initial weights, and input validation.
"""

from __future__ import annotations

import math
from functools import partial
from itertools import groupby
from typing import Any, ClassVar

from ...creation import empty, zeros
from ...dtypes import dtype as DType
from ...errors import describe
from ...tensors import Tensor, cat, stack
from .. import functional as F
from .. import init
from ..functional.checks import check_same_dtype, check_tensors, warn
from ..functional.sizes import check_sizes
from ..parameter import Parameter
from ..utils.rnn import PackedSequence
from .module import Module

__all__ = ["RNNBase", "RNNCellBase"]

States = tuple[Tensor, ...]  # (h,), or (h, c) for an LSTM


class _Recurrent(Module):
    """The base of cells and layers: their weights and states."""

    gates: ClassVar[int] = 1  # blocks of `hidden_size` rows in every weight
    states: ClassVar[tuple[str, ...]] = ("h",)

    input_size: int
    hidden_size: int
    bias: bool

    def _add_weights(self, suffix: str, input_size: int, device: Any, dtype: DType | None) -> None:
        rows = self.gates * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (rows, input_size),
            "weight_hh": (rows, self.hidden_size),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
        }
        for name, shape in shapes.items():
            left_out = name.startswith("bias") and not self.bias
            param = None if left_out else Parameter(empty(shape, device=device, dtype=dtype))
            self.register_parameter(name + suffix, param)

    def reset_parameters(self) -> None:
        """Draw every weight and bias uniformly in ±1/√hidden_size."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for param in self.parameters():
            init.uniform_(param, -bound, bound)

    def _as_states(self, given: Any) -> States | None:
        """The given states as a tuple: h alone, or for an LSTM the pair (h, c)."""
        if given is None:
            return None
        if len(self.states) == 1 and isinstance(given, tuple | list):
            raise TypeError(f"{self} has one state, h, but got {describe(given)}; only an LSTM has two, (h, c)")
        if len(self.states) == 1:
            check_tensors(type(self).__name__, h=given)
            return (given,)
        if not isinstance(given, tuple | list) or len(given) != len(self.states):
            error = RuntimeError if isinstance(given, tuple | list) else TypeError
            raise error(
                f"{self} has two states and takes them as a pair, {type(self).__name__.lower()}(x, (h, c)), but got "
                f"{describe(given)}"
            )
        check_tensors(type(self).__name__, **dict(zip(self.states, given, strict=True)))
        return tuple(given)

    def _check_states(self, x: Tensor, states: States, expected: tuple[int, ...]) -> None:
        for name, state in zip(self.states, states, strict=True):
            if state.shape != expected:
                how = ""
                if state.ndim > len(expected):
                    how = "; such an x has no batch axis: it is one sequence"
                elif (*state.shape[:-2], *state.shape[-1:]) == (*expected[:-2], *expected[-1:]):
                    how = (
                        "; it belongs to another batch: begin with a new state, or leave out a smaller last batch, "
                        "drop_last=True in the DataLoader"
                    )
                raise RuntimeError(
                    f"{self} was given x of shape {tuple(x.shape)}, so the hidden state {name} must have shape "
                    f"{expected}, but it has {tuple(state.shape)}{how}"
                )
            if state.dtype != x.dtype:
                raise RuntimeError(
                    f"{self} was given x of {x.dtype} and a state {name} of {state.dtype}: use {name}.to({x.dtype})"
                )


class RNNCellBase(_Recurrent):
    """A single step, defined by subclasses."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: DType | None = None
    ) -> None:
        super().__init__()
        check_sizes(type(self).__name__, input_size=input_size, hidden_size=hidden_size)
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        self._add_weights("", input_size, device, dtype)
        self.reset_parameters()

    def _start(self, x: Tensor, given: Any) -> States:
        """The states before the step, validated; zeros if none were given."""
        check_tensors(type(self).__name__, x=x)
        if x.ndim not in (1, 2):
            raise ValueError(
                f"{self} takes one step, x of shape (N, {self.input_size}) or ({self.input_size}), but got "
                f"{tuple(x.shape)}: loop over the time axis, or use nn.{type(self).__name__.removesuffix('Cell')} for "
                "whole sequences"
            )
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{self} takes x with input_size={self.input_size} as its last axis, but got {tuple(x.shape)}"
            )
        expected = (*x.shape[:-1], self.hidden_size)
        states = self._as_states(given)
        if states is None:
            return tuple(zeros(expected, dtype=x.dtype) for _ in self.states)
        for name, state in zip(self.states, states, strict=True):
            if state.ndim not in (1, 2):
                raise ValueError(
                    f"{self} takes a hidden state (N, {self.hidden_size}) or ({self.hidden_size}), but got {name} of "
                    f"shape {tuple(state.shape)}"
                )
        self._check_states(x, states, expected)
        return states

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else f", bias={self.bias}")


class RNNBase(_Recurrent):
    """Layers that read whole sequences; subclasses define how one layer reads a sequence."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        for name, flag in (("bias", bias), ("batch_first", batch_first)):
            if not isinstance(flag, bool):
                raise TypeError(f"{name} should be of type bool, True or False, but got {describe(flag)}")
        for name, value in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
            if not isinstance(value, int):
                raise TypeError(f"{name} must be an integer, but got {describe(value)}")
            if value <= 0:
                raise ValueError(f"{name} must be greater than zero, but is {value}")
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(f"dropout must be between 0 and 1, but got {dropout!r}")
        if dropout > 0 and num_layers == 1:
            warn(
                f"dropout={dropout} drops between layers, and num_layers=1 has no such place: nothing is dropped"
            )
        if proj_size:
            raise NotImplementedError(
                f"proj_size={proj_size}: cutaway has no projections; an nn.Linear({hidden_size}, {proj_size}) after "
                "the layer makes its outputs smaller"
            )
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.proj_size = proj_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = dropout
        self.bidirectional = bidirectional
        self._directions = ("", "_reverse") if bidirectional else ("",)
        for layer in range(num_layers):
            size = input_size if layer == 0 else hidden_size * len(self._directions)
            for direction in self._directions:
                self._add_weights(f"_l{layer}{direction}", size, device, dtype)
        self.reset_parameters()

    @property
    def _flat_weights_names(self) -> list[str]:
        """The names of all weights and biases, which some lessons initialize by name."""
        return [name for name, _ in self.named_parameters(recurse=False)]

    def _weights(self, layer: int, direction: str) -> list[Parameter]:
        """weight_ih, weight_hh and, unless left out, bias_ih and bias_hh of one layer in one direction."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")[: 4 if self.bias else 2]
        return [getattr(self, f"{name}_l{layer}{direction}") for name in names]

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The weights, a list for each layer and direction."""
        return [self._weights(layer, direction) for layer in range(self.num_layers) for direction in self._directions]

    def flatten_parameters(self) -> None:
        """Does nothing: PyTorch arranges the weights for the GPU here."""

    def _read(self, x: Tensor, start: States, weights: list[Parameter]) -> tuple[Tensor, States]:
        """One layer reads x (T, N, in) from first to last: every h (T, N, hidden_size), and the last states."""
        raise NotImplementedError

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        given = self._as_states(hx)
        self._check(input, given)
        x = input
        one = x.ndim == 2
        if one:
            x = x.unsqueeze(1)  # (T, 1, input_size)
            given = given and tuple(state.unsqueeze(1) for state in given)
        elif self.batch_first:
            x = x.transpose(0, 1)  # (T, N, input_size)
        x, ends = self._through(x, x.shape[1], given, self._read_along)
        if one:
            x, ends = x.squeeze(1), [state.squeeze(1) for state in ends]
        elif self.batch_first:
            x = x.transpose(0, 1)
        return x, ends[0] if len(ends) == 1 else tuple(ends)

    def _forward_packed(self, input: PackedSequence, hx: Any) -> tuple[PackedSequence, Any]:
        x, sizes, given = input.data, input.batch_sizes.tolist(), self._as_states(hx)
        check_same_dtype(str(self), x, self.weight_ih_l0, ValueError)
        if x.ndim != 2 or x.shape[1] != self.input_size:
            raise RuntimeError(
                f"{self} takes packed steps of shape ({sum(sizes)}, {self.input_size}), but the data of the "
                f"PackedSequence has shape {tuple(x.shape)}"
            )
        if given is not None:
            self._check_states(x, given, (len(self._directions) * self.num_layers, sizes[0], self.hidden_size))
            if input.sorted_indices is not None:
                given = tuple(state.index_select(1, input.sorted_indices) for state in given)
        runs = [(len(list(steps)), n) for n, steps in groupby(sizes)]  # steps of the same number of sequences
        x, ends = self._through(x, sizes[0], given, partial(self._read_runs, runs))
        if input.unsorted_indices is not None:
            ends = [state.index_select(1, input.unsorted_indices) for state in ends]
        return input._replace(data=x), ends[0] if len(ends) == 1 else tuple(ends)

    def _through(self, x: Tensor, size: int, given: States | None, read: Any) -> tuple[Tensor, list[Tensor]]:
        """All layers read x, each in its directions: the last layer's output, and the last states of all."""
        if given is None:
            shape = (len(self._directions) * self.num_layers, size, self.hidden_size)
            given = tuple(zeros(shape, dtype=x.dtype) for _ in self.states)
        starts = zip(*(state.unbind(0) for state in given), strict=True)
        lasts = []
        for layer in range(self.num_layers):
            if layer > 0:
                x = F.dropout(x, self.dropout, self.training)
            outputs = []
            for direction in self._directions:
                output, last = read(x, next(starts), self._weights(layer, direction), direction)
                outputs.append(output)
                lasts.append(last)
            x = cat(outputs, -1) if len(outputs) > 1 else outputs[0]  # (..., D · hidden_size)
        return x, [stack(state) for state in zip(*lasts, strict=True)]  # each (D · num_layers, N, hidden_size)

    def _read_along(
        self, x: Tensor, start: States, weights: list[Parameter], direction: str
    ) -> tuple[Tensor, States]:
        """`_read` in one direction: reading backward is reading the reversed sequence."""
        output, last = self._read(x.flip(0) if direction else x, start, weights)
        return output.flip(0) if direction else output, last

    def _read_runs(
        self, runs: list[tuple[int, int]], x: Tensor, start: States, weights: list[Parameter], direction: str
    ) -> tuple[Tensor, States]:
        """`_read_along` for packed steps: from one run to the next, sequences end; backward, they begin."""
        pieces = zip(x.split([steps * n for steps, n in runs]), runs, strict=True)
        states, ended, outputs = tuple(state[:0] for state in start), [], []
        for piece, (steps, n) in reversed(list(pieces)) if direction else pieces:
            begun = len(states[0])
            ended.append(tuple(state[n:] for state in states))
            states = tuple(cat([state[:n], new[begun:n]]) for state, new in zip(states, start, strict=True))
            output, states = self._read_along(piece.unflatten(0, (steps, n)), states, weights, direction)
            outputs.append(output.flatten(0, 1))
        ended.append(states)
        lasts = tuple(cat(state) for state in zip(*reversed(ended), strict=True))
        return cat(outputs[::-1] if direction else outputs), lasts

    def _check(self, x: Tensor, states: States | None) -> None:
        check_tensors(type(self).__name__, x=x)
        layout = "N, T" if self.batch_first else "T, N"
        if x.ndim not in (2, 3):
            raise ValueError(
                f"{self} takes x of shape ({layout}, {self.input_size}), or (T, {self.input_size}) for one sequence, "
                f"but got {tuple(x.shape)}"
            )
        check_same_dtype(str(self), x, self.weight_ih_l0, ValueError)
        if x.shape[-1] != self.input_size:
            there = [axis for axis, size in enumerate(x.shape) if size == self.input_size]
            hint = f": make it nn.{type(self).__name__}({x.shape[-1]}, {self.hidden_size})"
            if there:
                hint = f": x.movedim({there[-1]}, -1) makes axis {there[-1]} the last"
            raise RuntimeError(
                f"{self} takes x of shape ({layout}, {self.input_size}), so its last axis must have size "
                f"{self.input_size}, and x has shape {tuple(x.shape)}{hint}"
            )
        if x.shape[1 if self.batch_first and x.ndim == 3 else 0] == 0:
            raise RuntimeError(f"{self} reads sequences of one step or more, and x has shape {tuple(x.shape)}")
        if states is not None:
            batch = () if x.ndim == 2 else (x.shape[0 if self.batch_first else 1],)
            self._check_states(x, states, (len(self._directions) * self.num_layers, *batch, self.hidden_size))

    def extra_repr(self) -> str:
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        changed = [f"{name}={getattr(self, name)}" for name, usual in defaults.items() if getattr(self, name) != usual]
        return ", ".join([str(self.input_size), str(self.hidden_size), *changed])
