"""`import torch`, served by cutaway: so that a lesson or a script runs as it is.

Python asks the finders in `sys.meta_path`, one after the other, who can import a name. `as_torch()` puts one before
all others. It answers for `torch` and for every `torch.x.y`, with the module of cutaway that has the same dotted name:
the same module object, so that `torch.nn.Linear` is `cutaway.nn.Linear`. An installed PyTorch is neither changed nor
loaded.

When a name is not there, the message says what is there that is most like it.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import NoReturn

from .tensors import Tensor

__all__ = ["FOREIGN", "absent", "as_torch", "cutaway_name", "nearest", "not_there", "pytorch_name"]

SERVED = {"torch": "cutaway", "safetensors.torch": "cutaway.safetensors"}

# Libraries that are built on the inside of PyTorch: they would import, and fail in the middle.
FOREIGN = {
    "torchvision": "load pictures with Pillow or scikit-learn and torch.from_numpy",
    "torchaudio": "load sound with NumPy or SciPy and torch.from_numpy",
    "torchtext": "read the text with Python, and number its words with a dict",
}

ADVICE = {
    "torch.compile": "leave the call out, the model means the same without it",
    "torch.jit": "leave the call out, the model means the same without it",
    "torch.cuda.amp": "leave autocast and GradScaler out, cutaway computes in float32",
    "torch.amp": "leave autocast and GradScaler out, cutaway computes in float32",
    "torch.autocast": "leave it out, cutaway computes in float32",
    "torch.distributed": "run the script in one process",
    "torch.fft": "use np.fft on x.numpy(); gradients do not flow through it",
    "torch.profiler": "use Python's cProfile",
    "torch.version": "print torch.__version__; there is no CUDA",
    "torch.inverse": "call torch.linalg.inv",
    "torch.quantile": "sort, and take the element at q * (n - 1); np.quantile on x.numpy() has no gradient",
    "torch.std_mean": "call torch.std and torch.mean",
    "torch.var_mean": "call torch.var and torch.mean",
    "torch.svd": "use np.linalg.svd on x.numpy(); gradients do not flow through it",
    "torch.linalg.svd": "use np.linalg.svd on x.numpy(); gradients do not flow through it",
    "torch.linalg.eigh": "use np.linalg.eigh on x.numpy(); gradients do not flow through it",
    "torch.linalg.qr": "use np.linalg.qr on x.numpy(); gradients do not flow through it",
    "torch.linalg.cholesky": "use np.linalg.cholesky on x.numpy(); gradients do not flow through it",
    "torch.linalg.pinv": "use torch.linalg.inv(A.mT @ A) @ A.mT, or np.linalg.pinv on x.numpy()",
    "torch.linalg.lstsq": "use torch.linalg.solve(A.mT @ A, A.mT @ b), or np.linalg.lstsq on x.numpy()",
    "torch.nn.functional.softmin": "call torch.softmax(-x, dim)",
    "torch.nn.functional.glu": "write a, b = x.chunk(2, dim), then a * torch.sigmoid(b)",
    "torch.nn.utils.rnn.pad_packed_sequence": "the layer's output for a padded batch is padded already",
    "torch.nn.Unfold": "call torch.nn.functional.unfold in forward",
    "torch.vmap": "write the batch dimension out: torch's ops take (N, ...)",
    "torch.func": "use torch.autograd.grad and torch.autograd.functional",
    "torch.view_as_complex": "write the rotation with torch.cos and torch.sin, complex numbers are left out",
    "torch.polar": "write the rotation with torch.cos and torch.sin, complex numbers are left out",
    "torch.complex64": "keep real and imaginary part in two tensors",
    "torch.bfloat16": "use torch.float32",
    "torch.autograd.Variable": "leave it out, a tensor is one; Variable(x, requires_grad=True) is x.requires_grad_()",
    "torch.backends.cuda": "leave the line out, cutaway computes in float32",
    "torch.nn.DataParallel": "call the model itself, there is one device",
    "torch.nn.ZeroPad2d": "call torch.nn.functional.pad in forward",
    "torch.nn.ReflectionPad2d": 'call torch.nn.functional.pad(x, ..., mode="reflect") in forward',
    "torch.nn.utils.rnn.pack_padded_sequence": "give the layer the padded batch, and mask the loss",
    "torch.optim.LBFGS": "use torch.optim.Adam, or scipy.optimize for a small problem",
    "torch.distributions.kl_divergence": "write the formula, or average p.log_prob(x) - q.log_prob(x) over draws of p",
    "torch.utils.tensorboard": "print the numbers, or draw them with matplotlib",
}


# Where a script finds names; those in front are named first.
SHELVES = (
    "torch", "torch.nn", "torch.nn.functional", "torch.Tensor", "torch.optim", "torch.optim.lr_scheduler",
    "torch.nn.init", "torch.nn.utils", "torch.nn.utils.rnn", "torch.utils.data", "torch.autograd",
    "torch.autograd.functional", "torch.linalg", "torch.distributions",
)  # fmt: skip


# --- importing ----------------------------------------------------------------------------------------


def as_torch(on: bool = True) -> None:
    """Let `import torch` mean cutaway, in this process, from now on.

    Args:
        on: False ends it; `import torch` then finds an installed PyTorch again. What was imported stays what it is.

    Raises:
        RuntimeError: the real PyTorch was imported before.

    >>> as_torch()  # in a program: cutaway.as_torch()
    >>> from torch.nn import Linear
    >>> Linear is cutaway.nn.Linear
    True
    >>> as_torch(False)
    """
    if not on:
        sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, TorchFinder)]
        for name, module in list(sys.modules.items()):
            ours = cutaway_name(name)
            if ours and module is sys.modules.get(ours):  # and not PyTorch's own
                _forget(name)
        return
    real = sys.modules.get("torch")
    if real is not None and real is not import_module("cutaway"):
        raise RuntimeError(
            f"the real PyTorch is imported in this process already ({getattr(real, '__file__', 'torch')}), and modules "
            "that hold it would keep it. Start Python, or the notebook's kernel, anew and begin with: "
            "import cutaway; cutaway.as_torch()"
        )
    if not any(isinstance(finder, TorchFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, TorchFinder())


def cutaway_name(name: str) -> str | None:
    """The module of cutaway that serves a module name, or None for names that are not PyTorch's."""
    for theirs, ours in SERVED.items():
        if name == theirs or name.startswith(theirs + "."):
            return ours + name[len(theirs) :]
    return None


def pytorch_name(name: str) -> str | None:
    """The name under which PyTorch's users know a module of cutaway; None for modules of others."""
    return "torch" + name[len("cutaway") :] if name.partition(".")[0] == "cutaway" else None


def _forget(name: str) -> None:
    module = sys.modules.pop(name)
    parent, _, child = name.rpartition(".")
    holder = sys.modules.get(parent)
    if holder is not None and cutaway_name(parent) is None and vars(holder).get(child) is module:
        delattr(holder, child)


class TorchFinder(MetaPathFinder):
    """Answers for PyTorch's module names with cutaway's modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The way to import a module: None for names that are not PyTorch's."""
        if fullname in FOREIGN:
            message = f"{fullname} is built on the inside of PyTorch and cannot run on cutaway: {FOREIGN[fullname]}"
            raise ModuleNotFoundError(message, name=fullname)
        ours = cutaway_name(fullname)
        if ours is None:
            return None
        if find_spec(ours) is None:
            raise ModuleNotFoundError(not_there(fullname), name=fullname)
        return ModuleSpec(fullname, Alias(ours))


class Alias(Loader):
    """Gives a module that is imported already a second name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self.name)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # which the import has just overwritten


# --- what is not there --------------------------------------------------------------------------------


def not_there(name: str) -> str:
    """The line for a dotted name, as a script writes it, that cutaway does not have."""
    for theirs, advice in ADVICE.items():
        if name == theirs or name.startswith(theirs + "."):
            return f"cutaway has no {name}: {advice}"
    similar = nearest(name)
    if name in similar:
        parent, _, last = name.rpartition(".")
        return f"{name} is no module to import; write: from {parent} import {last}"
    return f"cutaway has no {name}" + (f"; nearest to it: {', '.join(similar)}" if similar else "")


def nearest(name: str) -> list[str]:
    """The dotted names most like one that is not there: by the same last name, or by one that is spelled like it.

    >>> nearest("torch.nn.softmax")
    ['torch.softmax', 'torch.nn.functional.softmax']
    >>> nearest("torch.nn.Liner")
    ['torch.nn.Linear']
    """
    parent, _, last = name.rpartition(".")
    known = _public_names()
    same = [other for other in known if other.rpartition(".")[2] == last]
    if same:
        return same[:2]
    beside = {other.rpartition(".")[2].lower(): other for other in known if other.rpartition(".")[0] == parent}
    anywhere = {other.rpartition(".")[2].lower(): other for other in reversed(known)}
    for names, cutoff in [(beside, 0.6), (anywhere, 0.8)]:
        similar = difflib.get_close_matches(last.lower(), names, n=1, cutoff=cutoff)
        if similar:
            return [names[similar[0]]]
    return []


def _public_names() -> list[str]:
    """What a script can use, by the names that it writes."""
    names = list(SHELVES)
    for shelf in SHELVES:
        holder = Tensor if shelf == "torch.Tensor" else sys.modules.get(cutaway_name(shelf) or "")
        for name in getattr(holder, "__all__", dir(holder)) if holder else []:
            value = getattr(holder, name)
            home = getattr(value, "__module__", None) or "cutaway"  # numbers and slots have none
            if not name.startswith("_") and not isinstance(value, ModuleType) and home.startswith("cutaway"):
                names.append(f"{shelf}.{name}")
    return names


def absent(shelf: str) -> Callable[[str], NoReturn]:
    """A module's `__getattr__`, which Python calls for a name that is not in it: says what is nearest."""

    def say_so(name: str) -> NoReturn:
        # Python itself looks for some names with underscores, and takes no for an answer
        text = f"{shelf} has no {name}" if name.startswith("_") else not_there(f"{shelf}.{name}")
        raise AttributeError(text, name=name, obj=sys.modules.get(cutaway_name(shelf) or ""))

    return say_so
