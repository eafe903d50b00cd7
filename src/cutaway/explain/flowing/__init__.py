"""How a gradient fares on its way through a model: does it arrive, and does it move the weights?"""

from __future__ import annotations

from html import escape

from ...errors import describe
from ...nn import Module
from .measures import Layer, ParameterFlow, Step
from .plot import Plot
from .table import table
from .verdicts import Verdict, verdicts
from .watching import Watch

__all__ = ["Flow", "Layer", "ParameterFlow", "Plot", "Step", "Verdict", "flow"]


class Flow:
    """What one training step did in a model: layers, parameters, and verdicts; prints itself as a table."""

    def __init__(self, model: Module) -> None:
        self.layers: list[Layer] = []
        self.parameters: list[ParameterFlow] = []
        self._model = model
        self._title = type(model).__name__

    def __enter__(self) -> Flow:
        self._watch = Watch(self._model)
        self._watch.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._watch.stop()
        self.layers, self.parameters = self._watch.layers(), self._watch.parameters()
        del self._watch  # with its copies of the parameters

    @property
    def verdicts(self) -> list[Verdict]:
        """What is wrong, and what to try; empty if nothing is."""
        return verdicts(self.layers, self.parameters)

    def plot(self) -> Plot:
        """The same as a picture, which notebooks show; `.save("flow.svg")` writes it."""
        return Plot(self._title, self.layers, self.parameters)

    def __repr__(self) -> str:
        return table(self._title, self.layers, self.parameters, self.verdicts)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


def flow(model: Module) -> Flow:
    """Watch a training step: what flows through each layer, forward and back, and how far each weight is moved.

    Use it as a block around the step: `with explain.flow(model) as flow:`. Print `flow`, or show `flow.plot()`; the
    figures are in `flow.layers` and `flow.parameters`. The last backward pass of the block is told, and how far
    parameters moved after it; backward() must run inside, the forward pass may have run before.

    A recurrent layer is told a time step at a time, and so is a module that is called once for each step. Verdicts say
    what vanishes, explodes, is dead or saturated, and what to try: docs/flow.md.

    Args:
        model: a module.

    Raises:
        TypeError: model is no module.

    >>> model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    >>> optimizer = cutaway.optim.SGD(model.parameters(), lr=0.1)
    >>> x, y = torch.randn(32, 2), torch.randn(32, 1)
    >>> with cutaway.explain.flow(model) as flow:
    ...     F.mse_loss(model(x), y).backward()
    ...     optimizer.step()
    >>> [layer.name for layer in flow.layers]
    ['0: Linear', '1: ReLU', '2: Linear']
    """
    if not isinstance(model, Module):
        raise TypeError(f"flow() watches a model, an nn.Module, but got {describe(model)}")
    return Flow(model)
