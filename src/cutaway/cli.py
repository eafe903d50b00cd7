"""`cutaway run train.py`: run an unmodified PyTorch script on cutaway.

The script runs as under `python train.py`: as `__main__`, with its arguments in `sys.argv`, its folder in `sys.path`,
and with the same exit code and tracebacks. Two things differ: `import torch` imports cutaway, and a name that cutaway
does not have is reported in one line.
"""

from __future__ import annotations

import builtins
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.machinery import SourceFileLoader
from traceback import walk_tb
from types import ModuleType, TracebackType

from . import __version__, errors
from .errors import not_there
from .tensors import Tensor
from .torch_import import FOREIGN, as_torch, cutaway_name, pytorch_name

USAGE = """\
cutaway: a deep learning framework you can see inside.

usage:
  cutaway run script.py [arguments]   run an unmodified PyTorch script: `import torch` imports cutaway
  cutaway --version                   print the version
  cutaway --help                      print this text

`python -m cutaway` is the same as `cutaway`. In a notebook: import cutaway; cutaway.as_torch()
"""

_PACKAGE = os.path.dirname(__file__) + os.sep


def main(arguments: Sequence[str] | None = None) -> int:
    """The command `cutaway`; returns the exit code.

    Args:
        arguments: the command line arguments by default.
    """
    match list(sys.argv[1:] if arguments is None else arguments):
        case ["run", script, *rest] if not script.startswith("-"):
            return run(script, rest)
        case ["--version" | "-V"]:
            print(f"cutaway {__version__}")
        case ["--help" | "-h" | "help"] | ["run", "--help" | "-h"]:
            print(USAGE, end="")
        case []:
            print(USAGE, end="", file=sys.stderr)
            return 2
        case ["run", *_]:
            print("cutaway run: which script? cutaway run script.py [arguments]", file=sys.stderr)
            return 2
        case other:
            print(f"cutaway: {other[0]!r} is not a command. To run a script: cutaway run {other[0]}", file=sys.stderr)
            return 2
    return 0


def run(script: str, arguments: Sequence[str]) -> int:
    """Run a script as `python script arguments` does, with cutaway imported as torch."""
    path = os.path.abspath(script)
    try:
        with io.open_code(path) as file:
            source = file.read()
    except OSError as error:
        print(f"cutaway: can't open file {path!r}: [Errno {error.errno}] {error.strerror}", file=sys.stderr)
        return 2
    module = ModuleType("__main__")
    module.__file__ = path
    module.__loader__ = SourceFileLoader("__main__", path)
    vars(module)["__builtins__"] = builtins
    sys.modules["__main__"] = module
    sys.argv = [script, *arguments]
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(os.path.realpath(path))  # in place of this command's own folder
    as_torch()
    sys.excepthook = partial(_report, sys.excepthook)
    exec(compile(source, path, "exec", dont_inherit=True), vars(module))
    return 0


# --- when the script fails ----------------------------------------------------------------------------

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def _report(
    print_traceback: Hook, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Print an uncaught error: a missing name in one line, any other as Python does."""
    trace = _from_script_on(trace)
    line = missing_name(error, trace)
    if line is None:
        print_traceback(kind, error.with_traceback(trace), trace)
    else:
        print(line, file=sys.stderr)


def _from_script_on(trace: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames above the script."""
    step = trace
    while step is not None:
        if step.tb_frame.f_code is run.__code__:
            return step.tb_next
        step = step.tb_next
    return trace


def missing_name(error: BaseException, trace: TracebackType | None) -> str | None:
    """The line about a name that cutaway does not have; None if the error is another one."""
    place = None
    for frame, number in walk_tb(trace):
        file = frame.f_code.co_filename
        if not file.startswith((_PACKAGE, "<frozen importlib")):
            place = f"{file.removeprefix(os.getcwd() + os.sep)}, line {number}"
        elif frame.f_code.co_name not in ("__getattr__", "say_so", "find_spec") and not file.startswith("<"):
            place = None  # the mistake is inside the library: show the whole traceback
    text = _what_is_missing(error)
    return f"{place}: {text}" if place and text else None


def _taught(error: BaseException) -> str | None:
    """The text of an error that already suggests a replacement."""
    return str(error) if str(error).startswith("cutaway has no ") else None


def _what_is_missing(error: BaseException) -> str | None:
    match error:
        case ModuleNotFoundError(name=str(name)) if name in FOREIGN:
            return str(error)
        case ModuleNotFoundError(name=str(name)) if cutaway_name(name):
            return not_there(name)
        case ImportError(name=str(module)) if pytorch_name(module):
            wanted = re.search(r"cannot import name '(\w+)'", str(error))
            return not_there(f"{pytorch_name(module)}.{wanted[1]}") if wanted else _taught(error)
        case AttributeError(name=str(name), obj=ModuleType(__name__=module)) if pytorch_name(module):
            return not_there(f"{pytorch_name(module)}.{name}")
        case AttributeError(name=str(name), obj=Tensor()):
            return not_there(f"torch.Tensor.{name}")
        case AttributeError(name=str(name), obj=thing) if pytorch_name(type(thing).__module__):
            return f"cutaway's {type(thing).__name__} has no {name!r}.{errors.nearest(name, dir(thing))}"
    return None
