"""Names that are not there, and devices that are not: one line that says what is."""

from __future__ import annotations

import pickle
import re
from typing import Any

import pytest

import cutaway as torch
from cutaway.errors.absent import ADVICE, SHELVES

MISSING = {
    "nn.Conv3d": "cutaway has no torch.nn.Conv3d; similar: torch.nn.Conv2d",
    "nn.PixelUnshuffle": "cutaway has no torch.nn.PixelUnshuffle; similar: torch.nn.PixelShuffle",
    "nn.softmax": "cutaway has no torch.nn.softmax; similar: torch.softmax, torch.nn.functional.softmax",
    "nn.functional.conv3d": "cutaway has no torch.nn.functional.conv3d; similar: torch.nn.functional.conv2d",
    "nn.init.kaiming_normal": "cutaway has no torch.nn.init.kaiming_normal; "
    "similar: torch.nn.init.kaiming_normal_",
    "nn.init.wraps": "cutaway has no torch.nn.init.wraps",
    "nn.utils.clip_grad_norm": "cutaway has no torch.nn.utils.clip_grad_norm; "
    "similar: torch.nn.utils.clip_grad_norm_",
    "nn.utils.rnn.pad_sequences": "cutaway has no torch.nn.utils.rnn.pad_sequences; "
    "similar: torch.nn.utils.rnn.pad_sequence",
    "linalg.eig": "cutaway has no torch.linalg.eig: "
    "use np.linalg.eig on x.numpy(); gradients do not flow through it",
    "random.fork_rng": "cutaway has no torch.random.fork_rng: "
    "save torch.get_rng_state(), and pass it to torch.set_rng_state afterwards",
    "kthvalue": "cutaway has no torch.kthvalue: "
    "sort, and take the element k - 1: x.sort(dim).values.narrow(dim, k - 1, 1)",
    "digamma": "cutaway has no torch.digamma",
    "histc": "cutaway has no torch.histc: use torch.bincount for integers, or np.histogram on x.numpy()",
    "linalg.vander": "cutaway has no torch.linalg.vander",
    "optim.lr_scheduler.CyclicLR": "cutaway has no torch.optim.lr_scheduler.CyclicLR: "
    "use torch.optim.lr_scheduler.OneCycleLR, or LambdaLR with a formula",
    "utils.cpp_extension": "cutaway has no torch.utils.cpp_extension",
    "utils.data.Dataloader": "cutaway has no torch.utils.data.Dataloader; similar: torch.utils.data.DataLoader",
    "distributions.Gaussian": "cutaway has no torch.distributions.Gaussian",
    "cuda.amp": "cutaway has no torch.cuda.amp: leave autocast and GradScaler out; cutaway computes in float32",
    "accelerator.memory": "cutaway has no torch.accelerator.memory",
    "func.vmap": "cutaway has no torch.func.vmap: write the batch dimension explicitly: ops take (N, ...)",
}


def find(path: str) -> Any:
    found: Any = torch
    for name in path.split("."):
        found = getattr(found, name)
    return found


@pytest.mark.parametrize("path", MISSING)
def test_a_missing_name_says_what_is_there(path: str) -> None:
    with pytest.raises(AttributeError) as caught:
        find(path)
    assert str(caught.value) == MISSING[path]
    assert caught.value.name == path.rpartition(".")[2]


@pytest.mark.parametrize("name", ADVICE)
def test_what_to_write_instead_is_there(name: str) -> None:
    with pytest.raises(AttributeError):
        find(name.removeprefix("torch."))
    for path in re.findall(r"\b(?:torch|cutaway)\.(\w+(?:\.\w+)*)", ADVICE[name]):
        find(path)
    for method in re.findall(r"(?:\b[xpA]|\))\.([a-z_]+)\(", ADVICE[name]):
        assert hasattr(torch.Tensor, method) or "torch.distributions" in name


@pytest.mark.parametrize(
    ("name", "text"),
    {
        "kthvalue": "'Tensor' object has no attribute 'kthvalue': "
        "sort, and take the element k - 1: x.sort(dim).values.narrow(dim, k - 1, 1)",
        "index_put_": "'Tensor' object has no attribute 'index_put_': "
        "write x[index] = value, or call x.index_add_(dim, index, source) to add",
        "svd": "'Tensor' object has no attribute 'svd': "
        "call torch.linalg.svd(x, full_matrices=False), which returns U, S and the transpose of V",
        "linspace": "'Tensor' object has no attribute 'linspace'; similar: torch.linspace",
        "sofmax": "'Tensor' object has no attribute 'sofmax'; similar: torch.Tensor.softmax",
        "foo": "'Tensor' object has no attribute 'foo'",
        "__cuda_array_interface__": "'Tensor' object has no attribute '__cuda_array_interface__'",
    }.items(),
)
def test_a_tensor_says_what_is_there_as_the_modules_do(name: str, text: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(torch.ones(2), name)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("line", "text"),
    {
        "from cutaway.linalg import eig": "cutaway has no torch.linalg.eig: "
        "use np.linalg.eig on x.numpy(); gradients do not flow through it",
        "from cutaway import fft": "cutaway has no torch.fft: "
        "use np.fft on x.numpy(); gradients do not flow through it",
        "from cutaway.nn import Linear, Conv3d": "cutaway has no torch.nn.Conv3d; similar: torch.nn.Conv2d",
        "from cutaway.nn.functional import nowhere": "cutaway has no torch.nn.functional.nowhere",
        "from cutaway.optim import _nowhere": "torch.optim has no _nowhere",
    }.items(),
)
def test_an_import_of_a_missing_name_says_so_too(line: str, text: str) -> None:
    with pytest.raises(ImportError) as caught:
        exec(line, {})
    assert str(caught.value) == text


def test_a_name_that_may_be_missing_can_be_imported_with_care() -> None:
    assert not hasattr(torch.linalg, "eig")
    try:
        from cutaway.linalg import eig  # type: ignore[attr-defined]
    except ImportError:
        eig = None
    assert eig is None


def test_modules_still_answer_python_itself() -> None:
    assert pickle.loads(pickle.dumps(torch.nn.Linear)) is torch.nn.Linear
    assert not hasattr(torch.nn, "__wrapped__")


@pytest.mark.parametrize("shelf", [shelf for shelf in SHELVES if shelf != "torch.Tensor"])
def test_every_shelf_says_so(shelf: str) -> None:
    with pytest.raises(AttributeError, match=rf"^cutaway has no {shelf}\.nowhere"):
        find(f"{shelf}.nowhere".removeprefix("torch."))


def test_settings_that_change_nothing_are_accepted() -> None:
    for answer in (
        torch.use_deterministic_algorithms(True, warn_only=True), torch.set_float32_matmul_precision("high"),
        torch.set_num_threads(1), torch.cuda.synchronize(), torch.cuda.empty_cache(), torch.set_default_device("cpu"),
    ):  # fmt: skip
        assert answer is None


def test_flags_of_gpus_can_be_set() -> None:
    for name in ("benchmark", "deterministic", "enabled", "allow_tf32"):
        setattr(torch.backends.cudnn, name, getattr(torch.backends.cudnn, name))
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cuda.matmul.allow_tf32


def test_there_is_no_device_but_the_cpu() -> None:
    with pytest.raises(AssertionError, match="cutaway runs on the CPU only"):
        torch.set_default_device("cuda")
    assert torch.cuda.is_available() is torch.accelerator.is_available() is torch.backends.mps.is_available() is False
    assert torch.cuda.device_count() == torch.accelerator.device_count() == 0
    assert torch.accelerator.current_accelerator() is None
    assert torch.backends.mps.is_built() is torch.backends.cudnn.is_available() is False
    assert torch.backends.cuda.is_built() is False


def test_seeding_every_gpu_leaves_the_stream_as_it_is() -> None:
    torch.manual_seed(0)
    torch.cuda.manual_seed(1)
    torch.cuda.manual_seed_all(1)
    assert torch.initial_seed() == 0
