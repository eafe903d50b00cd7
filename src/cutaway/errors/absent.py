"""Names that cutaway does not have: what to write instead, or the most similar names.

A lesson uses them as attributes of a module, in `from torch.x import y`, or on a Tensor.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from opcode import opmap
from types import ModuleType
from typing import Any, NoReturn

ADVICE = {
    "torch.compile": "leave the call out; the model computes the same without it",
    "torch.jit": "leave the call out; the model computes the same without it",
    "torch.cuda.amp": "leave autocast and GradScaler out; cutaway computes in float32",
    "torch.amp": "leave autocast and GradScaler out; cutaway computes in float32",
    "torch.autocast": "leave it out; cutaway computes in float32",
    "torch.distributed": "run the script in one process",
    "torch.fft": "use np.fft on x.numpy(); gradients do not flow through it",
    "torch.profiler": "use Python's cProfile",
    "torch.version": "print torch.__version__; there is no CUDA",
    "torch.inverse": "call torch.linalg.inv",
    "torch.det": "call torch.linalg.det",
    "torch.ger": "call torch.outer",
    "torch.argwhere": "call torch.nonzero",
    "torch.greater": "write x > y, or call torch.gt",
    "torch.less": "write x < y, or call torch.lt",
    "torch.fliplr": "call torch.flip(x, (1,))",
    "torch.flipud": "call torch.flip(x, (0,))",
    "torch.column_stack": "call torch.stack(tensors, 1) for vectors, torch.cat(tensors, 1) for matrices",
    "torch.dstack": "call torch.stack(tensors, 2) for matrices",
    "torch.logspace": "write base ** torch.linspace(start, end, steps)",
    "torch.exp2": "write 2 ** x",
    "torch.cummax": "write a loop with torch.maximum",
    "torch.kthvalue": "sort, and take the element k - 1: x.sort(dim).values.select(dim, k - 1)",
    "torch.mode": "use torch.unique(x, return_counts=True), and the value at counts.argmax()",
    "torch.nanmean": "write x[~x.isnan()].mean(), or torch.where(x.isnan(), 0, x).sum(dim) / (~x.isnan()).sum(dim)",
    "torch.histc": "use torch.bincount for integers, or np.histogram on x.numpy()",
    "torch.bucketize": "use np.searchsorted on x.numpy()",
    "torch.searchsorted": "use np.searchsorted on x.numpy()",
    "torch.isin": "write (x[..., None] == values).any(-1)",
    "torch.gradient": "use np.gradient on x.numpy(); gradients do not flow through it",
    "torch.cov": "subtract the mean: d = x - x.mean(1, keepdim=True), then d @ d.T / (x.size(1) - 1)",
    "torch.corrcoef": "use np.corrcoef on x.numpy()",
    "torch.cross": "use np.cross on x.numpy(); gradients do not flow through it",
    "torch.erfinv": "use scipy.special.erfinv on x.numpy(); gradients do not flow through it",
    "torch.take": "write x.flatten()[index]",
    "torch.scatter_reduce": "call x.scatter_add(dim, index, src) for a sum",
    "torch.unique_consecutive": "select where it changes: x[torch.cat([torch.tensor([True]), x[1:] != x[:-1]])]",
    "torch.cartesian_prod": "call torch.stack(torch.meshgrid(a, b, indexing='ij'), -1).reshape(-1, 2)",
    "torch.combinations": "use itertools.combinations",
    "torch.tensor_split": "call torch.split with a list of lengths",
    "torch.diag_embed": "write x.unsqueeze(-1) * torch.eye(x.size(-1))",
    "torch.broadcast_shapes": "use np.broadcast_shapes",
    "torch.poisson": "use np.random.poisson",
    "torch.rot90": "call x.transpose(0, 1).flip(0)",
    "torch.random.fork_rng": "save torch.get_rng_state(), and pass it to torch.set_rng_state afterwards",
    "torch.autograd.functional.hvp": "write (g,) = torch.autograd.grad(f(x), x, create_graph=True), then "
    "torch.autograd.grad(g @ v, x)",
    "torch.as_strided": "use indexing, or x.unfold(dim, size, step) for windows",
    "torch.svd": "use np.linalg.svd on x.numpy(); gradients do not flow through it",
    "torch.linalg.svd": "use np.linalg.svd on x.numpy(); gradients do not flow through it",
    "torch.linalg.eigh": "use np.linalg.eigh on x.numpy(); gradients do not flow through it",
    "torch.linalg.qr": "use np.linalg.qr on x.numpy(); gradients do not flow through it",
    "torch.linalg.cholesky": "use np.linalg.cholesky on x.numpy(); gradients do not flow through it",
    "torch.linalg.pinv": "use torch.linalg.inv(A.mT @ A) @ A.mT, or np.linalg.pinv on x.numpy()",
    "torch.linalg.lstsq": "use torch.linalg.solve(A.mT @ A, A.mT @ b), or np.linalg.lstsq on x.numpy()",
    "torch.nn.Softmin": "call torch.softmax(-x, dim) in forward",
    "torch.nn.InstanceNorm2d": "use torch.nn.GroupNorm(C, C, affine=False), C the number of channels",
    "torch.nn.PixelShuffle": "reshape to (N, C, r, r, H, W), permute to (N, C, H, r, W, r), and reshape again",
    "torch.nn.AdaptiveMaxPool2d": "for one number per channel, call x.amax((2, 3), keepdim=True)",
    "torch.nn.Hardswish": "write x * torch.clamp(x / 6 + 0.5, 0, 1)",
    "torch.nn.Hardsigmoid": "write torch.clamp(x / 6 + 0.5, 0, 1)",
    "torch.nn.ReLU6": "use torch.nn.Hardtanh(0, 6)",
    "torch.nn.GLU": "write a, b = x.chunk(2, dim), then a * torch.sigmoid(b)",
    "torch.nn.functional.glu": "write a, b = x.chunk(2, dim), then a * torch.sigmoid(b)",
    "torch.nn.utils.rnn.pad_packed_sequence": "the layer's output for a padded batch is padded already",
    "torch.nn.Unfold": "call torch.nn.functional.unfold in forward",
    "torch.vmap": "write the batch dimension explicitly: ops take (N, ...)",
    "torch.func": "use torch.autograd.grad and torch.autograd.functional",
    "torch.view_as_complex": "write the rotation with torch.cos and torch.sin; there are no complex numbers",
    "torch.polar": "write the rotation with torch.cos and torch.sin; there are no complex numbers",
    "torch.complex64": "store the real and imaginary parts in two tensors",
    "torch.bfloat16": "use torch.float32",
    "torch.autograd.Variable": "use the tensor itself, and x.requires_grad_() for Variable(x, requires_grad=True)",
    "torch.backends.cuda": "leave the line out; cutaway computes in float32",
    "torch.nn.DataParallel": "call the model itself; there is only one device",
    "torch.nn.ZeroPad2d": "call torch.nn.functional.pad in forward",
    "torch.nn.ReflectionPad2d": 'call torch.nn.functional.pad(x, ..., mode="reflect") in forward',
    "torch.nn.utils.rnn.pack_padded_sequence": "pass the padded batch to the layer, and mask the loss",
    "torch.optim.lr_scheduler.CyclicLR": "use torch.optim.lr_scheduler.OneCycleLR, or LambdaLR with a formula",
    "torch.optim.LBFGS": "use torch.optim.Adam, or scipy.optimize for a small problem",
    "torch.distributions.kl_divergence": "write the formula, or average p.log_prob(x) - q.log_prob(x) over draws of p",
    "torch.utils.tensorboard": "print the numbers, or draw them with matplotlib",
}


# Where a script finds names; the first ones are suggested first.
SHELVES = (
    "torch", "torch.nn", "torch.nn.functional", "torch.Tensor", "torch.optim", "torch.optim.lr_scheduler",
    "torch.nn.init", "torch.nn.utils", "torch.nn.utils.rnn", "torch.utils.data", "torch.autograd",
    "torch.autograd.functional", "torch.linalg", "torch.distributions",
)  # fmt: skip


def not_there(name: str) -> str:
    """The message for a dotted name, as a script writes it, that cutaway does not have.

    >>> cutaway.errors.not_there("torch.nn.softmax")
    'cutaway has no torch.nn.softmax; nearest to it: torch.softmax, torch.nn.functional.softmax'
    >>> cutaway.errors.not_there("torch.nn.Liner")
    'cutaway has no torch.nn.Liner; nearest to it: torch.nn.Linear'
    """
    parent, _, last = name.rpartition(".")
    if name in _public_names():
        return f"{name} is not a module; write: from {parent} import {last}"
    return f"cutaway has no {name}{instead_of(name)}"


def instead_of(name: str) -> str:
    """The end of the message about a missing dotted name: what to write instead."""
    same_as_function = name.replace("torch.Tensor.", "torch.")
    for theirs, advice in ADVICE.items():
        if theirs in (name, same_as_function) or name.startswith(theirs + "."):
            return f": {advice}"
    similar = nearest_names(name)
    return f"; nearest to it: {', '.join(similar)}" if similar else ""


def nearest_names(name: str) -> list[str]:
    """The dotted names most similar to a missing one: with the same last part, or with a similar spelling."""
    parent, _, last = name.rpartition(".")
    known = _public_names()
    same = [other for other in known if other.rpartition(".")[2] == last]
    if same:
        return same[:2]
    beside = {other.rpartition(".")[2].lower(): other for other in known if other.rpartition(".")[0] == parent}
    anywhere = {other.rpartition(".")[2].lower(): other for other in reversed(known)}
    for names, cutoff in [(beside, 0.78), (anywhere, 0.85)]:
        similar = difflib.get_close_matches(last.lower(), names, n=1, cutoff=cutoff)
        if similar:
            return [names[similar[0]]]
    return []


def _public_names() -> list[str]:
    """The public names, as a script writes them."""
    names = list(SHELVES)
    for shelf in SHELVES:
        holder = sys.modules["cutaway"].Tensor if shelf == "torch.Tensor" else sys.modules.get(_home(shelf))
        for name in getattr(holder, "__all__", dir(holder)) if holder else []:
            value = getattr(holder, name)
            home = getattr(value, "__module__", None) or "cutaway"  # numbers and slots have none
            if not name.startswith("_") and not isinstance(value, ModuleType) and home.startswith("cutaway"):
                names.append(f"{shelf}.{name}")
    return names


def _home(shelf: str) -> str:
    return shelf.replace("torch", "cutaway", 1)


def absent(shelf: str) -> Callable[[str], NoReturn]:
    """A module's `__getattr__`, which Python calls for a missing name: raises, and says what to write instead."""

    def say_so(name: str) -> NoReturn:
        # Python itself looks up some names with underscores, and handles their absence
        text = f"{shelf} has no {name}" if name.startswith("_") else not_there(f"{shelf}.{name}")
        frame: Any = sys._getframe(1)
        while frame.f_code.co_name == "__getattr__":
            frame = frame.f_back
        if frame.f_code.co_code[frame.f_lasti] == opmap["IMPORT_FROM"]:
            raise ImportError(text, name=_home(shelf))  # of an AttributeError, Python would drop the text
        raise AttributeError(text, name=name, obj=sys.modules.get(_home(shelf)))

    return say_so


def missing_attribute(owner: Any, name: str) -> AttributeError:
    """The error for an attribute that a Tensor does not have."""
    # Python itself often looks up names with __, and handles their absence.
    instead = "" if name.startswith("__") else instead_of(f"torch.Tensor.{name}")
    return AttributeError(f"'{type(owner).__name__}' object has no attribute {name!r}{instead}", name=name, obj=owner)
