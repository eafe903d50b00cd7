"""Where things end: no elements, one element, as many dimensions as PyTorch prints, and programs that are cut short."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway import graph, nn
from cutaway.grad_mode import switch

F = nn.functional


# --- shapes -----------------------------------------------------------------------------------------------------------

THIRTY_TWO = [2, 1] * 6 + [1] * 20  # 32 dimensions, 64 elements

MANY_DIMS: list[Callable[[Any], Any]] = [
    lambda x: x * x.sum(0, keepdim=True),
    lambda x: x.permute(*reversed(range(32))).reshape(64).reshape(x.shape) * 2,
    lambda x: x.transpose(0, 31).softmax(31),
    lambda x: x[(slice(None),) * 31 + (0,)].exp(),
    lambda x: x.sum(tuple(range(1, 32))),
    lambda x: x.squeeze().unsqueeze(0) @ x.reshape(2, 2, 2, 2, 2, 2),
    lambda x: x.flip(tuple(range(32))) + x.expand(*x.shape[:31], 3).mean(31, keepdim=True),
    lambda x: cutaway.cat([x, x * 3], 5).amax(5, keepdim=True),
    lambda x: x[..., None, :].squeeze(-2).logsumexp((0, 2, 4)),
    lambda x: F.layer_norm(x.reshape(*[1] * 31, 64), [64]),
    lambda x: x.view(-1)[:8].var(),
]


@pytest.mark.parametrize("number", range(len(MANY_DIMS)))
def test_thirty_two_dimensions(number: int) -> None:
    x = cutaway.from_numpy(np.linspace(-1, 2, 64).reshape(THIRTY_TWO)).requires_grad_()
    assert cutaway.autograd.gradcheck(MANY_DIMS[number], x, fast_mode=True)
    assert str(x).startswith("tensor(" + "[" * 32)


NOTHING: list[Callable[[Any], Any]] = [
    lambda x: (x * 2 + x[0:0].sum()).sum(),
    lambda x: (x @ x.mT).sum(),
    lambda x: x.softmax(0).sum() + x.softmax(1).sum() + x.logsumexp(0).exp().sum(),
    lambda x: x.mean(1).sum(),
    lambda x: cutaway.cat([x, x]).cumsum(0).sum(),
    lambda x: x.reshape(3, 0).T.flatten().prod(),
    lambda x: F.linear(x, cutaway.ones(2, 3), cutaway.ones(2)).sum(),
    lambda x: F.cross_entropy(x, cutaway.zeros(0, dtype=cutaway.int64), reduction="sum"),
    lambda x: F.layer_norm(x, [3]).sum() + F.dropout(x, 0.5).sum() + F.relu(x).sum(),
    lambda x: F.conv2d(x.reshape(0, 3, 1, 1), cutaway.ones(2, 3, 1, 1)).sum(),
    lambda x: nn.LSTM(3, 2)(x.reshape(2, 0, 3))[0].sum(),
    lambda x: x[x > 0].sum() + x[[]].sum() + x.sort(0).values.sum() + x.norm(),
]


@pytest.mark.parametrize("number", range(len(NOTHING)))
def test_a_batch_of_nothing(number: int) -> None:
    x = cutaway.zeros(0, 3, requires_grad=True)
    loss = NOTHING[number](x)
    loss.backward()
    assert loss.shape == () and not loss.isnan()
    assert x.grad is not None and x.grad.shape == (0, 3)


def test_dimensions_of_length_one_are_stretched_and_summed_back() -> None:
    x = cutaway.full((1, 1, 1), 2.0, requires_grad=True)
    (x * cutaway.ones(4, 3, 2)).sum().backward()
    assert x.grad.tolist() == [[[24.0]]]
    row = cutaway.ones(1, 3, requires_grad=True)
    (row + cutaway.zeros(0, 3)).sum().backward()  # stretched to nothing
    assert row.grad.tolist() == [[0.0, 0.0, 0.0]]


def test_more_dimensions_than_numpy_has_are_refused() -> None:
    x = cutaway.ones([1] * 64)
    for more in (lambda: x.reshape([1] * 65), lambda: x.unsqueeze(0), lambda: x[None], lambda: cutaway.stack([x, x])):
        with pytest.raises((RuntimeError, IndexError), match="more than 64 dimensions, the maximum"):
            more()


def test_ten_thousand_inputs_of_one_op() -> None:
    xs = [cutaway.full((1,), float(i), requires_grad=True) for i in range(10_000)]
    (cutaway.cat(xs) * cutaway.arange(10_000)).sum().backward()
    assert [x.grad.item() for x in xs] == list(range(10_000))


# --- cut short --------------------------------------------------------------------------------------------------------


class Interrupted(Exception):  # noqa: N818
    """Stands for whatever goes wrong."""


ENDINGS = pytest.mark.parametrize("ending", [Interrupted, KeyboardInterrupt, SystemExit, MemoryError])


@cutaway.differentiable
def cut_short(x: Any, *, at: str, ending: Any) -> Any:
    """x, but for the interruption"""

    def dx(g: Any) -> Any:
        if at == "backward":
            raise ending
        return g

    if at == "forward":
        raise ending
    return x * 1, dx


def raise_(ending: Any) -> Any:
    raise ending


@pytest.fixture(autouse=True)
def nothing_is_left() -> Any:
    """After each test here the thread is as it was: recording, watched by nobody, in no module's call."""
    before = list(graph.observers)
    yield
    assert cutaway.is_grad_enabled() and switch.recording
    assert graph.observers == before
    assert cutaway.get_default_dtype() == cutaway.float32
    x = cutaway.ones(2, requires_grad=True)
    (x * x).sum().backward()
    assert x.grad.tolist() == [2, 2]


@ENDINGS
def test_in_forward(ending: Any) -> None:
    x = cutaway.ones(2, requires_grad=True)
    h = x.exp()
    with pytest.raises((ending, RuntimeError)):
        cut_short(h, at="forward", ending=ending)
    h.sum().backward()
    assert x.grad is not None


@ENDINGS
@pytest.mark.parametrize("create_graph", [False, True])
def test_in_backward(ending: Any, create_graph: bool) -> None:
    x, w = cutaway.ones(2, requires_grad=True), cutaway.ones(2, requires_grad=True)
    loss = (cut_short(x * w, at="backward", ending=ending) + w).sum()
    with pytest.raises(ending):
        loss.backward(create_graph=create_graph)
    assert x.grad is None and w.grad is None


@ENDINGS
@pytest.mark.parametrize("where", ["tensor hook", "leaf hook", "forward hook", "pre hook", "backward hook"])
def test_in_hooks(ending: Any, where: str) -> None:
    net, x = nn.Linear(2, 1), cutaway.ones(3, 2, requires_grad=True)
    stop = lambda *_: raise_(ending)
    if where == "forward hook":
        handle = net.register_forward_hook(stop)
    elif where == "pre hook":
        handle = net.register_forward_pre_hook(stop)
    elif where == "backward hook":
        handle = net.register_full_backward_hook(stop)
    elif where == "leaf hook":
        handle = net.weight.register_hook(stop)
    else:
        handle = x.register_hook(stop)
    with pytest.raises(ending):
        net(x * 1).sum().backward()
    assert net.weight.grad is None and net.bias.grad is None and x.grad is None
    handle.remove()
    net(x * 1).sum().backward()
    assert net.bias.grad.tolist() == [3.0]


@ENDINGS
@pytest.mark.parametrize(
    "manager",
    [
        cutaway.no_grad,
        cutaway.enable_grad,
        cutaway.inference_mode,
        lambda: cutaway.set_grad_enabled(False),
        lambda: cutaway.autograd.detect_anomaly(check_nan=False),
        lambda: cutaway.autograd.set_detect_anomaly(True),
    ],
)
@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_in_context_managers_and_decorated_functions(ending: Any, manager: Any) -> None:
    with pytest.raises(ending), manager(), manager():
        raise ending
    if manager in (cutaway.no_grad, cutaway.enable_grad, cutaway.inference_mode):
        with pytest.raises(ending):
            manager()(lambda: raise_(ending))()

        @manager()
        def numbers() -> Any:
            yield 1
            raise ending

        with pytest.raises(ending):
            list(numbers())


@ENDINGS
def test_in_an_optimizers_closure_and_a_schedulers_function(ending: Any) -> None:
    w = nn.Parameter(cutaway.ones(2))
    optimizer = cutaway.optim.SGD([w], lr=0.1, momentum=0.9)
    with pytest.raises(ending):
        optimizer.step(lambda: raise_(ending))
    assert w.tolist() == [1, 1] and not optimizer.state
    scheduler = cutaway.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: raise_(ending) if epoch else 1.0)
    optimizer.step()
    with pytest.raises(ending):
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == 0.1


@ENDINGS
def test_in_gradcheck_and_while_tracing(ending: Any) -> None:
    x = cutaway.ones(2, dtype=cutaway.float64, requires_grad=True)
    calls = iter([False, False, True])
    before = x.tolist()
    with pytest.raises(ending):
        cutaway.autograd.gradcheck(lambda x: raise_(ending) if next(calls) else x * 2, x)
    assert x.tolist() == before
    from cutaway import explain

    loss = cut_short(x, at="backward", ending=ending).sum()
    with pytest.raises(ending):
        explain.trace(loss)
    assert x.grad is None


@ENDINGS
def test_in_a_data_loader(ending: Any) -> None:
    class Data(cutaway.utils.data.Dataset):  # type: ignore[type-arg]
        def __len__(self) -> int:
            return 4

        def __getitem__(self, i: int) -> Any:
            return raise_(ending) if i == 2 else cutaway.tensor(i)

    cutaway.manual_seed(3)
    loader = cutaway.utils.data.DataLoader(Data(), batch_size=1, shuffle=True)
    with pytest.raises(ending):
        list(loader)
    with pytest.raises(ending):
        list(loader)


# --- threads ----------------------------------------------------------------------------------------------------------


def test_threads_train_with_their_own_grad_mode_and_generators() -> None:
    def train(seed: int) -> list[float]:
        generator = cutaway.Generator().manual_seed(seed)
        w = cutaway.zeros(4, requires_grad=True)
        optimizer = cutaway.optim.Adam([w], lr=0.1)
        losses = []
        for step in range(60):
            x = cutaway.randn(8, 4, generator=generator)
            with cutaway.set_grad_enabled(step % 3 != 2):
                loss = ((x @ w - x.sum(1)) ** 2).mean()
            if loss.requires_grad:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            assert loss.requires_grad == (step % 3 != 2)
            losses.append(loss.item())
        return losses

    alone = [train(seed) for seed in range(6)]
    together: list[Any] = [None] * 6
    start = threading.Barrier(6)

    def run(seed: int) -> None:
        start.wait()
        together[seed] = train(seed)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone
    assert alone[0][-1] < alone[0][0] / 2
