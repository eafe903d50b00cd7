"""Make `import torch` import cutaway, so that PyTorch scripts run unmodified.

Python asks the finders in `sys.meta_path` in turn who can import a name. `as_torch()` inserts one before all others. It
maps `torch` and every `torch.x.y` to the module of cutaway with the same dotted name: the same module object, so that
`torch.nn.Linear` is `cutaway.nn.Linear`. An installed PyTorch is neither modified nor loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

from .errors import not_there

if TYPE_CHECKING:
    from importlib.abc import Loader, MetaPathFinder
else:  # nothing is inherited from them, and importing them takes 9 ms
    Loader = MetaPathFinder = object

__all__ = ["FOREIGN", "as_torch", "cutaway_name", "pytorch_name"]

SERVED = {"torch": "cutaway", "safetensors.torch": "cutaway.safetensors"}

# Libraries that depend on the internals of PyTorch: they would import, then fail later.
FOREIGN = {
    "torchvision": "load images with Pillow or scikit-learn and torch.from_numpy",
    "torchaudio": "load audio with NumPy or SciPy and torch.from_numpy",
    "torchtext": "read the text with Python, and map words to indices with a dict",
}


def as_torch(on: bool = True) -> None:
    """Make `import torch` import cutaway in this process from now on.

    Args:
        on: False restores the import of an installed PyTorch. Existing imports are unaffected.

    Raises:
        RuntimeError: the real PyTorch has already been imported.

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
            f"the real PyTorch is imported in this process already ({getattr(real, '__file__', 'torch')}), and "
            "modules that imported it would keep it. Restart Python, or the notebook's kernel, and begin with: import "
            "cutaway; cutaway.as_torch()"
        )
    if not any(isinstance(finder, TorchFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, TorchFinder())


def cutaway_name(name: str) -> str | None:
    """The module of cutaway for a module name, or None for names that are not PyTorch's."""
    for theirs, ours in SERVED.items():
        if name == theirs or name.startswith(theirs + "."):
            return ours + name[len(theirs) :]
    return None


def pytorch_name(name: str) -> str | None:
    """PyTorch's name of a module of cutaway; None for other modules."""
    return "torch" + name[len("cutaway") :] if name.partition(".")[0] == "cutaway" else None


def _forget(name: str) -> None:
    module = sys.modules.pop(name)
    parent, _, child = name.rpartition(".")
    holder = sys.modules.get(parent)
    if holder is not None and cutaway_name(parent) is None and vars(holder).get(child) is module:
        delattr(holder, child)


class TorchFinder(MetaPathFinder):
    """Finds cutaway's modules under PyTorch's names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module; None for names that are not PyTorch's."""
        if fullname in FOREIGN:
            message = f"{fullname} depends on PyTorch's internals and cannot run on cutaway: {FOREIGN[fullname]}"
            raise ModuleNotFoundError(message, name=fullname)
        ours = cutaway_name(fullname)
        if ours is None:
            return None
        if find_spec(ours) is None:
            raise ModuleNotFoundError(not_there(fullname), name=fullname)
        return ModuleSpec(fullname, Alias(ours))


class Alias(Loader):
    """Loads an imported module under a second name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self.name)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # which the import has just overwritten
