"""What a model is made of: its layers, how many numbers they hold, how much they compute and keep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import get_ident
from typing import Any

import numpy as np

from ..errors import describe
from ..graph import Call, Node, observers
from ..memory import held, owner
from ..nn import Module
from ..nn.uninitialized import Uninitialized
from ..tensors.base import AccumulateGrad
from .drawing.svg import plain_text
from .rehearsal import recordable, rehearsal, tensors_in
from .work import multiply_adds

__all__ = ["Row", "Summary", "summary"]


@dataclass(frozen=True)
class Row:
    """One module of a model: what there is to say of it and of all that it holds."""

    path: str  # from the model: "encoder.layers.0"; "" is the model itself
    kind: str  # its class
    depth: int  # how deep it lies in the tree
    calls: int  # how often it was called
    used: bool  # whether it was called, or a parameter of it used
    outputs: tuple[tuple[int, ...], ...]  # the shapes of what its last call returned
    parameters: int  # how many numbers, each once
    trainable: int  # those that require grad
    shared: bool  # whether all its parameters were counted in a row above already, or the module itself
    multiply_adds: int  # in all its calls
    activations: int  # bytes that a backward pass needs

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True)
class Summary:
    """The rows of a model's modules, and its totals; prints itself as a table, in a notebook too."""

    rows: tuple[Row, ...]
    inputs: tuple[tuple[int, ...], ...]  # shapes
    parameters: int  # shared ones counted once
    trainable: int
    parameter_bytes: int
    multiply_adds: int
    activation_bytes: int

    def totals(self) -> list[tuple[str, str]]:
        """The totals in words, each with what it is of."""
        frozen = self.parameters - self.trainable
        parts = "all trainable" if not frozen else f"{self.trainable:,} trainable, {frozen:,} frozen"
        shapes = ", ".join(map(str, self.inputs)) or "nothing"
        return [
            ("parameters", f"{self.parameters:,} ({parts}), {in_bytes(self.parameter_bytes)}"),
            ("multiply-adds", f"{self.multiply_adds:,} forward, for inputs {shapes}"),
            ("activations", f"{in_bytes(self.activation_bytes)}, which the graph keeps for the backward pass"),
        ]

    def __repr__(self) -> str:
        table = [HEADINGS, *(_cells(row, label) for label, row in zip(_labels(self.rows), self.rows))]
        widths = [max(len(cells[i]) for cells in table) for i in range(len(HEADINGS))]
        lines = ["  ".join(_aligned(cells, widths)) for cells in table]
        rule = "─" * max(map(len, lines))
        ends = [f"{name:13}  {text}" for name, text in self.totals()]
        return "\n".join(line.rstrip() for line in (lines[0], rule, *lines[1:], rule, *ends))

    def _repr_html_(self) -> str:
        style = 'style="text-align: {}; padding: 0.1em 0.8em; {}"'

        def row(tag: str, cells: list[str], indent: int = 0) -> str:
            first = style.format("left", f"padding-left: {0.8 + 1.2 * indent}em")
            rest = [style.format("left" if i == 0 else "right", "") for i in range(len(cells) - 1)]
            parts = (f"<{tag} {css}>{plain_text(cell)}</{tag}>" for css, cell in zip((first, *rest), cells))
            return f"<tr>{''.join(parts)}</tr>"

        body = [row("td", _cells(r, _label(r)), r.depth) for r in self.rows]
        ends = "<br>".join(f"<b>{name}</b> {plain_text(text)}" for name, text in self.totals())
        return f"<table><thead>{row('th', HEADINGS)}</thead><tbody>{''.join(body)}</tbody></table><p>{ends}</p>"


def _aligned(cells: list[str], widths: list[int]) -> list[str]:
    """Words to the left, numbers to the right."""
    return [cell.ljust(n) if i < 2 else cell.rjust(n) for i, (cell, n) in enumerate(zip(cells, widths))]


HEADINGS = ["module", "output", "parameters", "multiply-adds", "activations"]


def _label(row: Row) -> str:
    often = f" ×{row.calls}" if row.calls > 1 else ""
    return f"{row.name}: {row.kind}{often}" if row.path else f"{row.kind}{often}"


def _labels(rows: tuple[Row, ...]) -> Iterator[str]:
    """The labels, drawn as a tree."""
    open_at: list[bool] = []  # for each depth: does a sister follow?
    for i, row in enumerate(rows):
        later = (other.depth for other in rows[i + 1 :] if other.depth <= row.depth)
        open_at[row.depth :] = [next(later, -1) == row.depth]
        branches = ["│  " if more else "   " for more in open_at[1 : row.depth]]
        yield "".join(branches) + ("├─ " if open_at[row.depth] else "└─ ") * (row.depth > 0) + _label(row)


def _cells(row: Row, label: str) -> list[str]:
    output = ", ".join(map(str, row.outputs)) if row.used else "not used"
    shared = " shared" * (row.shared and row.parameters > 0)
    return [
        label,
        output,
        f"{row.parameters:,}{shared}" if row.parameters else "",
        f"{row.multiply_adds:,}" if row.multiply_adds else "",
        in_bytes(row.activations) if row.activations else "",
    ]


def in_bytes(n: int) -> str:
    """A number of bytes for people.

    >>> from cutaway.explain.overview import in_bytes
    >>> in_bytes(512), in_bytes(3 * 2**20), in_bytes(5 * 2**40)
    ('512 B', '3.0 MiB', '5120.0 GiB')
    """
    size, unit = float(n), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{n} B" if unit == "B" else f"{size:.1f} {unit}"


def summary(model: Module, *inputs: Any, **named: Any) -> Summary:
    """The layers of a model as a table: output shapes, parameters, multiply-adds, and memory.

    The model runs once, on the inputs, in evaluation mode; afterwards it is as it was: gradients, modes, statistics and
    random numbers. Multiply-adds are counted from the ops that ran, so that a model written with `@` is counted like
    one made of layers; docs/summary.md tells how. Activations are what the graph keeps for a backward pass.

    Args:
        model: a module.
        inputs, named: what it is called with.

    Raises:
        TypeError: model is no module.

    >>> model = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
    >>> cutaway.explain.summary(model, torch.zeros(32, 784))
    module        output    parameters  multiply-adds  activations
    ──────────────────────────────────────────────────────────────
    Sequential    (32, 10)      50,890      1,626,112     16.0 KiB
    ├─ 0: Linear  (32, 64)      50,240      1,605,632
    ├─ 1: ReLU    (32, 64)                                16.0 KiB
    └─ 2: Linear  (32, 10)         650         20,480
    ──────────────────────────────────────────────────────────────
    parameters     50,890 (all trainable), 198.8 KiB
    multiply-adds  1,626,112 forward, for inputs (32, 784)
    activations    16.0 KiB, which the graph keeps for the backward pass
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary() describes a model, an nn.Module, but got {describe(model)}")
    watch = _Watch(model)
    with watch.running():
        args, kwargs = recordable((inputs, named))
        watch.ignore(args, kwargs)
        model(*args, **kwargs)
    rows = tuple(_rows(model, watch))
    params = list(model.parameters())
    return Summary(
        rows,
        tuple(tuple(x.shape) for x in tensors_in([*inputs, *named.values()])),
        sum(p.numel() for p in params),
        sum(p.numel() for p in params if id(p) not in watch.frozen),
        sum(p.nbytes for p in params),
        rows[0].multiply_adds,
        rows[0].activations,
    )


class _Watch:
    """What is seen of a model while it runs: for each module its calls, its outputs, its work, and what is kept."""

    def __init__(self, model: Module) -> None:
        self.model = model
        self.thread = get_ident()
        self.known = {id(module) for module in model.modules()}
        self.calls = dict.fromkeys(self.known, 0)
        self.outputs: dict[int, tuple[tuple[int, ...], ...]] = {}
        self.work = dict.fromkeys(self.known, 0)
        self.kept = dict.fromkeys(self.known, 0)
        self.frozen: set[int] = set()
        self.used: set[int] = set()  # ids of parameters
        self._memory: dict[int, Any] = {}  # what was counted, by id, and held so that ids stay their own

    @contextmanager
    def running(self) -> Iterator[None]:
        """Watch; afterwards the model is as it was."""
        modules = list(self.model.modules())
        modes = [module.training for module in modules]
        self.frozen = {id(p) for p in self.model.parameters() if not p.requires_grad}
        handles = [module.register_forward_hook(self._called) for module in modules]
        observers.append(self)
        try:
            self.model.eval()
            self.ignore(*(buffer for buffer in self.model.buffers() if not isinstance(buffer, Uninitialized)))
            with rehearsal(self.model):
                yield
        finally:
            observers.remove(self)
            for handle in handles:
                handle.remove()
            for module, mode in zip(modules, modes):
                module.training = mode

    def ignore(self, *tensors: Any) -> None:
        """Tensors whose memory is not the graph's."""
        for x in tensors_in(tensors):
            self._first_seen(x._array)

    def _first_seen(self, array: Any) -> bool:
        """Whether its memory was not met before; from now on it was."""
        root = owner(array)
        known = id(root) in self._memory
        self._memory[id(root)] = root
        return not known

    def _called(self, module: Module, args: Any, out: Any) -> None:
        self.calls[id(module)] += 1
        self.outputs[id(module)] = tuple(tuple(x.shape) for x in tensors_in(out))

    def _where(self, call: Call | None) -> int:
        """The id of the module in the tree that an op ran in."""
        while call and id(call[0]()) not in self.known:  # a module that is no part of the model calls
            call = call[2]
        return id(call[0]() if call else self.model)

    def recorded(self, node: Node, value: Any) -> None:
        if get_ident() != self.thread:
            return
        where, inputs = self._where(node.call), node.arrays or []
        for array, parent in zip(inputs, node.parents):
            if isinstance(parent, AccumulateGrad):  # a parameter, or an input of the model
                self.used.add(id(parent.variable))
                self._first_seen(array)
        self.work[where] += multiply_adds(node.op, value, inputs, node.attrs)
        for array in (*inputs, *(x for pullback in node.pullbacks or () for x in held(pullback))):
            if isinstance(array, np.ndarray) and self._first_seen(array):
                self.kept[where] += owner(array).nbytes

    def sent(self, node: Node, i: int, g: Any, gave: Any, gx: Any) -> None:
        pass


def _rows(model: Module, watch: _Watch) -> list[Row]:
    """A row for each module, in the order of the tree."""
    rows: list[Row] = []
    counted: set[int] = set()  # ids of modules and parameters that have had their row

    def visit(module: Module, path: str, depth: int) -> Row:
        params = {id(p): p for p in module.parameters()}
        seen = id(module) in counted
        shared = seen or (bool(params) and counted.issuperset(params))
        counted.add(id(module))
        place, inside = len(rows), []
        if not seen:
            for name, child in module._modules.items():
                if child is not None:
                    inside.append(visit(child, f"{path}.{name}" if path else name, depth + 1))
        counted.update(params)
        calls = watch.calls[id(module)]
        row = Row(
            path,
            module._get_name(),
            depth,
            calls,
            calls > 0 or not watch.used.isdisjoint(params) or any(row.used for row in inside),
            watch.outputs.get(id(module), ()),
            sum(p.numel() for p in params.values()),
            sum(p.numel() for p in params.values() if id(p) not in watch.frozen),
            shared,
            0 if seen else watch.work[id(module)] + sum(row.multiply_adds for row in inside),
            0 if seen else watch.kept[id(module)] + sum(row.activations for row in inside),
        )
        rows.insert(place, row)
        return row

    visit(model, "", 0)
    return rows
