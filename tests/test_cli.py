"""`cutaway run` and `as_torch`: a script sees what it sees under Python and PyTorch."""

from __future__ import annotations

import errno
import importlib
import subprocess
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import cutaway
from cutaway import errors
from cutaway.cli import main, missing_name
from cutaway.errors import absent, not_there
from cutaway.errors.absent import nearest_names


@pytest.fixture
def _without_torch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("torch", "safetensors")]:
        monkeypatch.delitem(sys.modules, name)
    yield
    cutaway.as_torch(False)


def run(folder: Path, source: str, *arguments: str, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """`cutaway run train.py arguments` in a folder, with options for Python."""
    (folder / "train.py").write_text(source)
    command = [sys.executable, *options, "-m", "cutaway", "run", "train.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def plain(folder: Path, source: str, *arguments: str, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """`python train.py arguments` in a folder, with options for Python."""
    (folder / "train.py").write_text(source)
    command = [sys.executable, *options, "train.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


# --- cutaway run --------------------------------------------------------------------------------------

EVERY_FORM = """
import sys
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.nn.modules.linear
from torch import Tensor, optim
from torch.nn.functional import relu
import cutaway
import helper

assert torch is cutaway and nn is cutaway.nn and F is torch.nn.functional is cutaway.nn.functional
assert torch.nn.Linear is cutaway.nn.Linear is torch.nn.modules.linear.Linear
assert optim.SGD is cutaway.optim.SGD and relu is F.relu
assert isinstance(helper.x, Tensor) and isinstance(nn.Linear(2, 2), helper.Module)
assert torch.tensor([1]).tolist() == [1]
assert cutaway.nn.__spec__.name == "cutaway.nn" and cutaway.__name__ == "cutaway"
"""


def test_every_form_of_import_is_served(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("import torch\nfrom torch.nn import Module\nx = torch.ones(2)\n")
    done = run(tmp_path, EVERY_FORM)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


SURROUNDINGS = """
import pickle, sys, inspect
class Mine: pass
print(__name__, __file__, sys.argv, sys.path[0], __spec__, __package__, type(__builtins__))
print(type(pickle.loads(pickle.dumps(Mine()))) is Mine, sys.modules["__main__"].Mine is Mine)
print(inspect.getsource(Mine))
sys.stdout.flush()
def fail():
    try:
        1 / 0
    except ZeroDivisionError as error:
        raise ValueError("here") from error
fail() if "fail" in sys.argv else sys.exit(7)
"""


@pytest.mark.parametrize("arguments", [["--epochs", "3", "--help", "--", "-V"], ["fail"]])
def test_a_script_sees_what_it_sees_under_python(arguments: list[str], tmp_path: Path) -> None:
    ours, theirs = run(tmp_path, SURROUNDINGS, *arguments), plain(tmp_path, SURROUNDINGS, *arguments)
    assert (ours.returncode, ours.stdout, ours.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)


def test_a_safe_path_has_no_folder_of_the_script(tmp_path: Path) -> None:
    source = "import sys; print(sys.path)"
    assert run(tmp_path, source, options=["-P"]).stdout == plain(tmp_path, source, options=["-P"]).stdout


@pytest.mark.parametrize("source", ["x = = 2", "raise KeyboardInterrupt", "import sys; sys.exit('so long')"])
def test_a_script_ends_as_under_python(source: str, tmp_path: Path) -> None:
    ours, theirs = run(tmp_path, source), plain(tmp_path, source)
    assert (ours.returncode, ours.stderr) == (theirs.returncode, theirs.stderr)


MISSING = {
    "import torch.fft": "cutaway has no torch.fft: use np.fft on x.numpy(); gradients do not flow through it",
    "from torch import compile": "cutaway has no torch.compile: "
    "leave the call out; the model computes the same without it",
    "from torch.nn import Sequental": "cutaway has no torch.nn.Sequental; similar: torch.nn.Sequential",
    "torch.nn.Liner(2, 2)": "cutaway has no torch.nn.Liner; similar: torch.nn.Linear",
    "torch.nn.sotfmax": "cutaway has no torch.nn.sotfmax; similar: torch.nn.Softmax",
    "torch.ones(2).sofmax(0)": "cutaway has no torch.Tensor.sofmax; similar: torch.Tensor.softmax",
    "torch.xyzzyplugh": "cutaway has no torch.xyzzyplugh",
    "import torch.nn.xyzzyplugh.b": "cutaway has no torch.nn.xyzzyplugh",
    "import torch.cuda.amp": "cutaway has no torch.cuda.amp: "
    "leave autocast and GradScaler out; cutaway computes in float32",
    "import torch.tensor": "torch.tensor is not a module; write: from torch import tensor",
    "from torchvision import datasets": "torchvision depends on PyTorch's internals and cannot run on cutaway: "
    "load images with Pillow or scikit-learn and torch.from_numpy",
    "torch.nn.Linear(2, 2).wieght": "cutaway's Linear has no 'wieght'. Did you mean 'weight'?",
}
# Mistakes of another kind, which Python tells in its own words
OTHERS = [
    "{}['torch']", "import xyzzyplugh", "from os import xyzzyplugh", "torch.ones(2) @ torch.ones(3)", "[].sofmax",
    "import random.torch", "raise ImportError('no', name='cutaway.nn')", "torch.load(3)",
]  # fmt: skip


def line_about(source: str) -> str | None:
    """What `cutaway run` prints about an error of a script's second line."""
    cutaway.as_torch()
    with pytest.raises(Exception) as caught:
        exec(compile(f"import torch\n{source}", "lesson.py", "exec"), {"__name__": "__main__"})
    return missing_name(caught.value, caught.tb.tb_next)  # without this function


@pytest.mark.usefixtures("_without_torch")
@pytest.mark.parametrize("source", MISSING)
def test_a_missing_name_gives_one_line(source: str) -> None:
    assert line_about(source) == f"lesson.py, line 2: {MISSING[source]}"


@pytest.mark.usefixtures("_without_torch")
@pytest.mark.parametrize("source", OTHERS)
def test_another_mistake_is_reported_by_python(source: str) -> None:
    assert line_about(source) is None


@pytest.mark.usefixtures("_without_torch")
def test_a_mistake_inside_cutaway_keeps_its_traceback() -> None:
    def broken() -> None:
        cutaway.nn.not_there  # type: ignore[attr-defined]

    inside = types.FunctionType(broken.__code__.replace(co_filename=errors.__file__), {"cutaway": cutaway})
    with pytest.raises(AttributeError) as caught:
        inside()
    assert missing_name(caught.value, caught.tb) is None


def test_the_line_is_all_that_is_printed(tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text("import torch\n\n\ndef make():\n    return torch.nn.Liner(2, 3)\n")
    done = run(tmp_path, "import layers\nlayers.make()\n")
    assert done.returncode == 1
    assert done.stderr == "layers.py, line 5: cutaway has no torch.nn.Liner; similar: torch.nn.Linear\n"


def test_a_script_may_ask_what_is_there(tmp_path: Path) -> None:
    source = """
import importlib.util, torch
try:
    import torchvision
except ImportError:
    print("no pictures")
print(hasattr(torch, "compile"), importlib.util.find_spec("torch") is not None, getattr(torch, "fft", None))
"""
    assert run(tmp_path, source).stdout == "no pictures\nFalse True None\n"


@pytest.mark.usefixtures("_without_torch")
def test_run_in_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in [("argv", []), ("path", ["here", *sys.path]), ("excepthook", print)]:
        monkeypatch.setattr(sys, name, value)
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
    script = tmp_path / "train.py"

    script.write_text("import sys, torch\nprint(sys.argv, sys.path[0], torch.__name__)")
    assert main(["run", str(script), "-x"]) == 0
    assert capsys.readouterr().out == f"{[str(script), '-x']} {tmp_path} cutaway\n"
    assert sys.modules["__main__"].__file__ == str(script)

    script.write_text("import torch\n\ntorch.nn.Liner")
    with pytest.raises(AttributeError) as caught:
        main(["run", str(script)])
    sys.excepthook(caught.type, caught.value, caught.tb)
    line = f"{script}, line 3: cutaway has no torch.nn.Liner; similar: torch.nn.Linear\n"
    assert capsys.readouterr().err == line

    monkeypatch.setattr(sys, "excepthook", lambda *given: hooked.append(given))
    hooked: list[tuple[Any, ...]] = []
    script.write_text("1 / 0")
    with pytest.raises(ZeroDivisionError) as failed:
        main(["run", str(script)])
    sys.excepthook(failed.type, failed.value, failed.tb)
    [(kind, error, trace)] = hooked
    assert kind is ZeroDivisionError and error.__traceback__ is trace and trace.tb_next is None
    assert trace.tb_frame.f_code.co_filename == str(script)
    elsewhere = ValueError("not from the script")
    sys.excepthook(ValueError, elsewhere, None)
    assert hooked[1:] == [(ValueError, elsewhere, None)]


# --- the command --------------------------------------------------------------------------------------


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"cutaway {cutaway.__version__}\n"
    for arguments in ["--help"], ["-h"], ["run", "--help"]:
        assert main(arguments) == 0
        assert "cutaway run script.py" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage:"),
        (["run"], "cutaway run: which script?"),
        (["run", "--fast", "train.py"], "cutaway run: which script?"),
        (["train.py"], "'train.py' is not a command. To run a script: cutaway run train.py"),
        (["run", "not-there.py"], f"not-there.py': [Errno {errno.ENOENT}] No such file or directory"),
    ],
)
def test_a_wrong_command_gets_the_right_one_suggested(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert message in printed.err and not printed.out


# --- as_torch -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_without_torch")
def test_as_torch_can_be_taken_back() -> None:
    finders = list(sys.meta_path)
    cutaway.as_torch()
    cutaway.as_torch()
    assert len(sys.meta_path) == len(finders) + 1
    assert importlib.import_module("torch") is cutaway
    assert importlib.import_module("torch.nn.functional") is cutaway.nn.functional
    cutaway.as_torch(False)
    assert sys.meta_path == finders
    assert not [name for name in sys.modules if name.partition(".")[0] == "torch"]
    assert importlib.import_module("cutaway.nn").functional is cutaway.nn.functional


@pytest.mark.usefixtures("_without_torch")
def test_safetensors_torch_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    package = types.ModuleType("safetensors")
    package.__path__ = []
    monkeypatch.setitem(sys.modules, "safetensors", package)
    cutaway.as_torch()
    assert importlib.import_module("safetensors.torch") is cutaway.safetensors
    cutaway.as_torch(False)
    assert not hasattr(package, "torch") and "safetensors.torch" not in sys.modules


@pytest.mark.usefixtures("_without_torch")
def test_the_real_pytorch_is_not_replaced_once_it_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    real = types.ModuleType("torch")
    monkeypatch.setitem(sys.modules, "torch", real)
    with pytest.raises(RuntimeError, match="the real PyTorch is imported in this process already"):
        cutaway.as_torch()
    cutaway.as_torch(False)
    assert sys.modules["torch"] is real


@pytest.mark.usefixtures("_without_torch")
def test_a_missing_module_is_an_import_error() -> None:
    cutaway.as_torch()
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module("torch.nn.funcional")
    assert str(caught.value) == "cutaway has no torch.nn.funcional; similar: torch.nn.functional"


def test_nearest() -> None:
    assert nearest_names("torch.nn.softmax") == ["torch.softmax", "torch.nn.functional.softmax"]
    assert nearest_names("torch.Adam") == ["torch.optim.Adam"]
    assert nearest_names("torch.nn.adamw") == ["torch.optim.AdamW"]
    assert nearest_names("torch.xyzzyplugh") == []
    assert not_there("torch.jit.script").startswith("cutaway has no torch.jit.script: leave the call out")


def test_absent() -> None:
    with pytest.raises(AttributeError, match=r"cutaway has no torch\.nn\.Liner; similar") as caught:
        absent("torch.nn")("Liner")
    assert caught.value.name == "Liner" and caught.value.obj is cutaway.nn
    with pytest.raises(AttributeError, match="torch has no __path_hooks__"):
        absent("torch")("__path_hooks__")
