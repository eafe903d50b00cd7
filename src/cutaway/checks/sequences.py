"""Axes of sequences that are taken for others."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..graph import Node
from ..nn import Module
from ..tensors.base import TensorBase, node_of
from .check import Check

_LAYERS = Module.__module__.rpartition(".")[0]
REDUCTIONS = {ops.amax, ops.max_along, ops.mean, ops.sum}


class BatchFirst(Check):
    """The batch taken for the time axis, behind a recurrent or an attention layer.

    These layers take (T, N, C) and return (T, N, H), unless they have batch_first=True. Without it, (N, T, C) is read
    as N steps of T sequences, and out[:, -1] or out.mean(1) is not the last step or the mean of the steps.

        lstm = nn.LSTM(8, 16)                       # x is (N, T, 8)
        lstm = nn.LSTM(8, 16, batch_first=True)     # right
        out, _ = lstm(x)
        loss = F.cross_entropy(last(out[:, -1]), y)

        features = h.view(n, -1)                    # h is (layers, N, H), also with batch_first: this mixes samples
        features = h.transpose(0, 1).reshape(n, -1) # right

    It warns when a loss is computed from the last element, the mean, sum or maximum along axis 1 of the output of a
    layer without batch_first, from the first element behind attention, where it stands for the sequence, or from a
    reshape that makes rows of the output; also if a few ops come after that.
    """

    name = "batch_first"
    depth = 6

    def events(self) -> Any:
        return {"distance": self.on_loss, "classification": self.on_loss}

    def on_loss(self, name: str, x: TensorBase, y: TensorBase) -> None:
        node: Any = node_of(x)
        for _ in range(self.depth):
            if not isinstance(node, Node):
                return
            source = node.parents[0]
            if isinstance(source, Node) and len(source.shape) == 3 and source.shape[1] > 1:
                text = self._mistake(node, source)
                if text:
                    self.say(text)
                    return
            node = source

    def _mistake(self, node: Node, source: Node) -> str:
        """What is wrong with an op on a tensor (T, N, H) or (layers, N, H)."""
        rows = node.op is ops.reshape and 1 < source.shape[0] != source.shape[1] == node.shape[0]
        if not rows and not _concerns_axis_1(node, (0, -1)):
            return ""
        if rows and source.op is ops.stack and _layer_of(source, "hidden_size")[0]:
            return (
                f"the states (layers, N, H) of a recurrent layer, {source.shape}, were reshaped to {node.shape}, which "
                "mixes the samples: write h.transpose(0, 1).reshape(N, -1), or torch.cat([h[-2], h[-1]], 1)"
            )
        name, layer = _layer_of(source, "batch_first")
        if layer is None or layer.batch_first or _layer_of(node, "batch_first")[0]:
            return ""
        if not rows and hasattr(layer, "hidden_size") and not _concerns_axis_1(node, (-1,)):
            return ""  # out[:, 0] of a recurrent layer: the first sequence, of a loop over them
        what = "a reshape made rows" if rows else "a value along axis 1 was taken"
        return (
            f"{what} of the output of a {name} with batch_first=False, of shape {source.shape}: axis 0 is time there, "
            "axis 1 the batch. If x is (N, T, C), create the layer with batch_first=True; if it is (T, N, C), the last "
            "step is out[-1], and the mean of all steps out.mean(0)"
        )


def _concerns_axis_1(node: Node, elements: tuple[int, ...]) -> bool:
    """Whether an op reduces axis 1, or selects one of these elements of it, as x[:, -1] does."""
    if node.op in REDUCTIONS:
        return node.attrs["axis"] in (1, (1,))
    index = node.attrs["index"] if node.op is ops.getitem else ()
    # an index may hold arrays, which == compares element by element
    if not isinstance(index, tuple) or len(index) < 2 or not isinstance(index[0], slice):
        return False
    return bool(index[0] == slice(None)) and isinstance(index[1], int) and index[1] in elements


def _layer_of(node: Node, attribute: str) -> tuple[str, Any]:
    """The layer of ours that ran an op, by its name, and what has this attribute: it, or the attention inside of it."""
    call = node.call
    while call is not None:
        module = call[0]()
        if type(module).__module__.startswith(_LAYERS):
            while module is not None and not hasattr(module, attribute):
                layers = getattr(module, "layers", None)
                module = layers[0] if layers else getattr(module, "self_attn", None)
            if module is not None:
                return call[1].__name__, module
        call = call[2]
    return "", None
