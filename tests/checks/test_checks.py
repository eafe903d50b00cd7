"""How checks are switched, and what they say beyond the examples of docs/checks.md."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutaway as torch
import cutaway.nn.functional as F
from cutaway import checks, events, nn, optim
from cutaway.checks import CheckWarning


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    checks.on()


def listeners() -> int:
    return sum(len(event) for event in vars(events).values() if isinstance(event, tuple))


# --- switches -------------------------------------------------------------------------------------------------------


def mistake() -> None:
    F.mse_loss(torch.zeros(3, 1), torch.zeros(3))


def test_a_check_is_turned_off_and_on_by_name() -> None:
    checks.off("loss_broadcast")
    mistake()
    checks.on("loss_broadcast")
    with pytest.warns(CheckWarning, match="^loss_broadcast: "):
        mistake()


def test_a_block_puts_back_what_was() -> None:
    checks.off("loss_broadcast")
    with checks.strict():
        assert set(checks.levels().values()) == {"strict"}
        with checks.off():
            mistake()
        assert set(checks.levels().values()) == {"strict"}
    assert checks.levels()["loss_broadcast"] == "off"
    with pytest.raises(KeyError), checks.on():
        raise KeyError
    assert checks.levels() == dict.fromkeys(checks.levels(), "default") | {"loss_broadcast": "off"}


def test_nobody_listens_when_all_are_off() -> None:
    before = listeners()
    with checks.strict():
        assert listeners() > before
    with checks.off():
        assert listeners() == 0
    assert listeners() == before


def test_in_the_long_run_a_step_notifies_few_listeners() -> None:
    model = nn.Linear(2, 1)
    with checks.off():
        checks.on()
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for _ in range(12):
            optimizer.zero_grad()
            F.mse_loss(model(torch.ones(3, 2)), torch.ones(3, 1)).backward()
            optimizer.step()
        told = {"distance": 2, "backward": 3, "received": 0, "accumulation": 1, "step": 0, "data": 0, "choice": 0}
        assert {event: len(getattr(events, event)) for event in told} == told


def test_where_every_parameter_has_its_gradient_the_tenth_step_is_as_short_as_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = nn.Linear(2, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def step() -> None:
        optimizer.zero_grad()
        model(torch.ones(3, 2)).sum().backward()
        optimizer.step()

    step()
    searched: list[type] = []
    monkeypatch.setattr("cutaway.checks.wiring.alive", lambda kind: searched.append(kind) or [])
    for _ in range(12):
        step()
    assert not searched  # all objects of the process: 8 ms, and in a large one more


def test_turning_a_check_on_twice_lets_it_speak_once() -> None:
    checks.on()
    checks.on("loss_broadcast")
    with pytest.warns(CheckWarning) as said:
        mistake()
    assert len(said) == 1


def test_an_unknown_name_is_refused_and_nothing_is_switched() -> None:
    before = checks.levels()
    with pytest.raises(
        ValueError, match=r"no check 'zero_grad'\. Did you mean 'forgotten_zero_grad'\? There are: loss_"
    ):
        checks.off("loss_broadcast", "zero_grad")
    assert checks.levels() == before


def test_warnings_name_the_line_and_can_be_filtered_by_name() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        mistake()
    assert said[0].filename == __file__
    assert said[0].lineno == mistake.__code__.co_firstlineno + 1
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "loss_broadcast", CheckWarning)
        mistake()


def test_a_script_sees_one_line(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(
        "import cutaway as torch\nfrom cutaway import nn\n"
        "loss = nn.MSELoss()\n"
        "for _ in range(3):\n"
        "    loss(torch.zeros(3, 1), torch.zeros(3))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, source = done.stderr.splitlines()  # Python says it once for a line
    assert first.startswith(
        f"{script}:5: CheckWarning: loss_broadcast: mse_loss was given a prediction of shape (3, 1)"
    )
    assert source.strip() == "loss(torch.zeros(3, 1), torch.zeros(3))"


def test_a_program_on_the_command_line_is_warned_too() -> None:
    program = "import cutaway as torch; torch.nn.functional.mse_loss(torch.zeros(3, 1), torch.zeros(3))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("<string>:1: CheckWarning: loss_broadcast: ")


# --- losses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [F.l1_loss, F.smooth_l1_loss, F.huber_loss])
def test_all_distances_are_looked_at(function: Any) -> None:
    with pytest.warns(CheckWarning, match=r"loss_broadcast: .*\(4, 1\).*\(4,\).*4×4"):
        function(torch.zeros(4, 1), torch.zeros(4))
    with pytest.warns(CheckWarning, match=r"loss_broadcast: .*\(4, 3\) and a target of shape \(3,\), so one"):
        function(torch.zeros(4, 3), torch.zeros(3))


@pytest.mark.parametrize("loss", ["d.abs().mean()", "(d * d).sum()", "d.square().mean()", "(d ** 2).sum()"])
def test_a_loss_by_hand(loss: str) -> None:
    model, x, y = nn.Linear(2, 1), torch.randn(5, 2), torch.randn(5)
    for d in (model(x) - y, y - model(x), model(x).squeeze(1) - y.unsqueeze(1)):
        with pytest.warns(CheckWarning, match=r"loss_broadcast: this loss .* \(5, 5\)"):
            eval(loss, {"d": d}).backward()
    eval(loss, {"d": model(x[:1]) - y[:1]}).backward()  # one example: nothing is stretched


@pytest.mark.parametrize("column", ["x.argmax(1, keepdim=True)", "x.max(1, keepdim=True).indices", "x[:, :1].round()"])
def test_an_accuracy_of_a_column_and_a_row(column: str) -> None:
    x, y = torch.randn(5, 3), torch.tensor([0, 2, 1, 1, 0])
    with pytest.warns(CheckWarning, match=r"loss_broadcast: shapes \(5, 1\) and \(5,\) are compared, .* \(5, 5\)"):
        assert (eval(column, {"x": x}) == y).shape == (5, 5)
    with pytest.warns(CheckWarning, match=r"loss_broadcast: shapes \(5,\) and \(5, 1\) are compared"):
        y.eq(eval(column, {"x": x}))


def test_columns_and_rows_that_are_meant() -> None:
    labels = torch.tensor([0, 2, 1, 1, 0])
    assert (labels.unsqueeze(1) == labels).sum() == (labels[:, None] == labels.clone()).sum() == 9
    chosen = torch.randn(5, 5).argmax(1, keepdim=True)
    assert (chosen == torch.arange(5)).sum() == 5  # one-hot vectors
    assert (chosen[:1] == labels[:1]).shape == (1, 1)
    assert (chosen == labels[:3]).shape == (5, 3)


@pytest.mark.parametrize("loss", ["torch.sqrt(mse)", "0.5 * mse", "mse / 2", "(2 * mse) ** 0.5 * 3"])
def test_a_root_or_a_multiple_of_a_loss_by_hand(loss: str) -> None:
    mse = ((nn.Linear(2, 1)(torch.randn(5, 2)) - torch.randn(5)) ** 2).mean()
    with pytest.warns(CheckWarning, match=r"loss_broadcast: this loss .* \(5, 5\)"):
        eval(loss, {"torch": torch, "mse": mse}).backward()


@pytest.mark.parametrize("last", ["softmax(1)", "sigmoid()"])
def test_what_must_not_precede_a_binary_cross_entropy_of_logits(last: str) -> None:
    x = torch.randn(4, 3, requires_grad=True)
    with pytest.warns(CheckWarning, match=rf"given the output of {last.partition('(')[0]}: it takes logits"):
        F.binary_cross_entropy_with_logits(eval(f"x.{last}", {"x": x}), torch.ones(4, 3))


@pytest.mark.parametrize("loss", ["cosine_embedding_loss(x, x, y)", "margin_ranking_loss(x[:, 0], x[:, 1], y)",
                                  "hinge_embedding_loss(x[:, 0], y)"])  # fmt: skip
def test_labels_of_zero_and_one_for_losses_of_pairs(loss: str) -> None:
    names = {"x": torch.ones(2, 2), "y": torch.tensor([1, 0])}
    with pytest.warns(CheckWarning, match=r"class_targets: \w+ takes targets of 1 and -1.* 2 \* y - 1"):
        eval(f"F.{loss}", {"F": F, **names})
    eval(f"F.{loss}", {"F": F, **names, "y": 2 * names["y"] - 1})


def test_integer_targets_of_the_shape_of_the_scores_are_an_error_alone() -> None:
    with pytest.raises(RuntimeError, match="argmax"):
        F.cross_entropy(torch.tensor([0, 1, 2]), torch.tensor([0, 1, 2]))


def test_the_logarithm_of_a_softmax_over_the_batch() -> None:
    x, y = torch.randn(4, 3, requires_grad=True), torch.tensor([0, 1, 2, 0])
    with pytest.warns(CheckWarning, match="nll_loss was given a softmax over dim=0, but the classes are dim=1"):
        F.nll_loss(x.softmax(0).log(), y)
    F.nll_loss(x.softmax(-1).log(), y)
    F.nll_loss(x[0].softmax(0).log(), y[0])
    F.nll_loss(x.sigmoid().log(), y)


LOSSES = [
    "(-Normal(p, 1.0).log_prob(y)).mean()", "-(p.sigmoid().log() * y).mean() + 0.1 * p.square().mean()",
    "-torch.min(p.exp() * y, p.exp().clamp(0.8, 1.2) * y).mean()", "(p.squeeze(1) * y.view(5, 1).clone()).mean()",
]  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES)
def test_pairs_inside_of_a_loss(loss: str) -> None:
    p, y = nn.Linear(2, 1)(torch.randn(5, 2)), torch.rand(5)
    names = {"p": p, "y": y, "torch": torch, "Normal": torch.distributions.Normal}
    with pytest.warns(CheckWarning, match=r"loss_broadcast: this loss contains a (difference|product) .* \(5, 5\)"):
        eval(loss, names).backward()


INTENDED = [
    "F.softplus(-(p - p.squeeze(1))).mean()", "((p - p.detach().T) ** 2).mean()", "(p * w).square().mean()",
    "(z.square().sum(1, keepdim=True) + z.square().sum(1) - 2 * z @ z.T).mean()", "(p.unsqueeze(0)[0] * y).mean()",
    "torch.outer(y, p.squeeze(1)).mean()", "torch.outer(p.squeeze(1), y).mean()",
]  # fmt: skip


@pytest.mark.parametrize("loss", INTENDED)
def test_pairs_that_are_meant(loss: str) -> None:
    x, y = torch.randn(5, 2), torch.rand(5)
    p, z, w = nn.Linear(2, 1)(x), nn.Linear(2, 3)(x), nn.Parameter(torch.ones(5))
    eval(loss, {"F": F, "torch": torch, "p": p, "y": y, "z": z, "w": w}).backward()


@pytest.mark.parametrize("arranged", ["p.reshape(-1, 3)", "p.permute(0, 2, 1).transpose(1, 2)[0]", "p.squeeze(0)"])
def test_softmax_is_seen_behind_a_change_of_shape(arranged: str) -> None:
    p = F.softmax(torch.randn(1, 4, 3, requires_grad=True), dim=-1)
    with pytest.warns(CheckWarning, match="softmax_before_cross_entropy"):
        F.cross_entropy(eval(arranged, {"p": p}), torch.zeros(4).long())


def test_labels_of_minus_one_and_one() -> None:
    with pytest.warns(CheckWarning, match=r"a target is -1: .*\(y \+ 1\) / 2"):
        F.binary_cross_entropy_with_logits(torch.zeros(2), torch.tensor([1.0, -1.0]))


def test_class_numbers_as_floats_of_the_shape_of_the_scores() -> None:
    with pytest.warns(CheckWarning, match=r"class_targets: .* holds 2: class indices are int64"):
        F.cross_entropy(torch.zeros(2, 3), torch.tensor([[0.0, 1.0, 2.0], [1.0, 2.0, 0.0]]))


# --- training -------------------------------------------------------------------------------------------------------


def test_forgotten_zero_grad_in_a_gan_that_zeroes_one_side_only() -> None:
    a, b = nn.Linear(2, 2), nn.Linear(2, 1)
    for_a, for_b = optim.SGD(a.parameters(), lr=0.1), optim.SGD(b.parameters(), lr=0.1)
    b(torch.randn(4, 2)).mean().backward()
    for_b.step()
    for_a.zero_grad()
    b(a(torch.randn(4, 2))).mean().backward()
    for_a.step()
    b(torch.randn(4, 2)).mean().backward()
    with pytest.warns(CheckWarning, match="forgotten_zero_grad"):
        for_b.step()


def test_the_loss_of_a_too_large_learning_rate_is_reported_with_the_weights() -> None:
    w = torch.tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=1e15)
    with np.errstate(all="ignore"), pytest.warns(CheckWarning) as said:
        for _ in range(6):
            optimizer.zero_grad()
            (w**2).sum().backward()
            optimizer.step()
    assert [str(w.message) for w in said] == [
        "loss_not_finite: the loss is inf, and weights have grown to 4.0e+30: each step overshoots, lr=1e+15 is too "
        "large, try 1e+14"
    ]
    optimizer = optim.SGD([w], lr=1e-3)
    with pytest.warns(CheckWarning) as said:
        (w**2).sum().backward()
    assert [str(w.message) for w in said] == [
        "loss_not_finite: the loss is nan, and weights are nan: lr=0.001 is too large, try 0.0001; or a gradient was "
        "nan: autograd.detect_anomaly() names the op"
    ]


def test_a_loss_that_is_not_finite_is_not_looked_for_in_all_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    w = torch.tensor([-1.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)
    monkeypatch.setattr(gc, "get_objects", lambda: pytest.fail("some 20 ms, at every step from then on"))
    with np.errstate(all="ignore"), pytest.warns(CheckWarning, match="loss_not_finite: the loss is nan"):
        w.log().sum().backward()
    assert optimizer.param_groups[0]["params"] == [w]


def test_a_loss_of_finite_weights_points_to_detect_anomaly() -> None:
    w = torch.tensor([4.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=1.0)
    with (
        np.errstate(all="ignore"),
        pytest.warns(CheckWarning, match="the loss is nan, and the weights are finite: look"),
    ):
        torch.sqrt(w - 5).sum().backward()
    assert optimizer.param_groups[0]["params"] == [w]
    with checks.strict(), np.errstate(all="ignore"), pytest.warns(CheckWarning, match="and its gradients will be"):
        torch.sqrt(torch.tensor([-1.0], requires_grad=True)).sum().backward()


def test_a_layer_that_is_frozen_with_its_gradient_is_no_matter() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    model[0].requires_grad_(False)
    model(torch.ones(1, 2)).sum().backward()
    with pytest.warns(CheckWarning, match="forgotten_zero_grad: this step used gradients that the step before had"):
        optimizer.step()


def test_weights_moved_by_hand_and_gradients_not_zeroed() -> None:
    w = torch.tensor([1.0], requires_grad=True)

    def step(zero: Any) -> None:
        zero()
        (w**2).sum().backward()
        with torch.no_grad():
            w.sub_(0.1 * w.grad)

    def nothing() -> None:
        pass

    for _ in range(4):
        step(lambda: setattr(w, "grad", None))
    for _ in range(4):
        step(lambda: w.grad.zero_())
    step(nothing)  # it adds to what the step before has used, and is moved by that: told when the next begins
    with pytest.warns(CheckWarning, match="forgotten_zero_grad: parameters were updated by gradients that had"):
        step(nothing)


def test_gradients_that_were_put_there_may_be_added_to() -> None:
    w = torch.tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)
    for _ in range(3):
        w.grad = torch.ones(1)
        (w**2).sum().backward()
        optimizer.step()


def test_threads_are_kept_apart() -> None:
    """One looks at a layer in training mode while another evaluates."""
    dropped, said = threading.Event(), []

    def evaluate() -> None:
        dropped.wait()
        try:
            with torch.no_grad():
                F.mse_loss(torch.zeros(2), torch.zeros(2))
        except CheckWarning as warning:
            said.append(warning)

    thread = threading.Thread(target=evaluate)
    thread.start()
    with torch.no_grad():
        F.dropout(torch.randn(4))
        dropped.set()
        thread.join()
    assert not said


def test_evaluation_is_reported_at_the_loss_too_and_in_inference_mode() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    with torch.inference_mode(), pytest.warns(CheckWarning, match="evaluation_without_eval: batch_norm runs"):
        F.mse_loss(model(torch.randn(4, 2)), torch.zeros(4, 2))


def test_dropout_called_without_its_mode() -> None:
    with torch.no_grad(), pytest.warns(CheckWarning, match=r"F\.dropout itself is switched by training=self\.training"):
        F.dropout(torch.randn(4, 2)).max(1)


def test_dropout_called_without_its_mode_in_a_model_that_evaluates() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(2, 4)

        def forward(self, x: Any) -> Any:
            return F.dropout(self.first(x))

    net = Net().eval()
    with torch.no_grad(), pytest.warns(CheckWarning, match="evaluation_without_eval: dropout runs in training mode"):
        net(torch.randn(3, 2)).argmax(1)


@pytest.mark.parametrize("body, check", [
    ("return F.mse_loss(model(x), y)", "step_before_backward: no parameter has a gradient"),
    ("loss = F.mse_loss(model(x), y); loss.backward(); return loss", "forgotten_zero_grad: "),
])  # fmt: skip
def test_a_closure_that_forgets_something(body: str, check: str) -> None:
    names = {"F": F, "model": nn.Linear(2, 1), "x": torch.randn(8, 2), "y": torch.randn(8, 1)}
    exec(f"def closure(): {body}", names)
    optimizer = optim.LBFGS(names["model"].parameters(), lr=0.1, max_iter=4)
    with pytest.warns(CheckWarning, match=check):
        optimizer.step(names["closure"])


# --- wiring ---------------------------------------------------------------------------------------------------------


class Unused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
        self.scale = nn.Parameter(torch.ones(2))
        self.last = nn.Linear(2, 1)

    def forward(self, x: Any) -> Any:
        return self.last(self.body[0](x)).mean()


def test_parameters_without_a_gradient_are_named_once() -> None:
    model = Unused()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    expected = (
        r"Unused\.scale \(2,\), Unused\.body\.1\.weight \(2, 2\), Unused\.body\.1\.bias \(2,\) got no gradient in 10"
    )
    with pytest.warns(CheckWarning, match=expected) as said:
        for _ in range(30):
            optimizer.zero_grad()
            model(torch.randn(4, 2)).backward()
            optimizer.step()
    assert len(said) == 1


def test_a_model_created_again_but_not_its_optimizer() -> None:
    """A notebook whose first cell is run again."""
    model = nn.Linear(2, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for again in (False, True):
        if again:
            old, model = model, nn.Linear(2, 1)
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.randn(4, 2)).mean().backward()
            if not again:
                optimizer.step()
    optimizer.step()  # nothing to move: from now on it is looked where the gradients go
    model(torch.randn(4, 2)).mean().backward()
    with pytest.warns(CheckWarning, match=r"parameter_not_in_optimizer: Linear\..* this one holds others"):
        optimizer.step()
    assert old is not model


def test_steps_with_nothing_to_move_are_no_matter_if_all_is_held() -> None:
    model = nn.Linear(2, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    model(torch.randn(4, 2)).mean().backward()
    optimizer.step()
    for _ in range(3):
        optimizer.zero_grad()
        optimizer.step()


def test_a_list_is_not_named_for_what_others_left_out() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers, self.last = [nn.Linear(2, 2)], nn.Linear(2, 1)

    resting, body, head = Net(), nn.Linear(2, 2), nn.Linear(2, 1)
    optimizer = optim.SGD(head.parameters(), lr=0.1)
    head(body(torch.ones(3, 2))).mean().backward()
    optimizer.step()
    assert resting.layers[0].weight.grad is None


def test_checks_keep_no_model_alive() -> None:
    import weakref

    with checks.strict():
        model = nn.Linear(2, 1)
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        model(torch.randn(4, 2)).mean().backward()
        optimizer.step()
        refs = [weakref.ref(model.weight), weakref.ref(optimizer)]
        gc.disable()
        try:
            del model, optimizer
            assert [ref() for ref in refs] == [None, None]
        finally:
            gc.enable()


def test_a_list_that_is_filled_later_is_seen() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers: list[Any] = []
            for _ in range(2):
                self.layers.append(nn.Linear(2, 2))
            self.last = nn.Linear(2, 1)
            self.count()  # not complete yet: nothing is said

        def count(self) -> int:
            return sum(p.numel() for p in self.parameters())

    with checks.strict():
        net = Net()
        with pytest.warns(CheckWarning, match=r"Net\.layers is a plain list, and the 4 parameters in it"):
            list(net.parameters())


def test_a_check_that_is_switched_looks_again() -> None:
    body, head = nn.Linear(2, 2), nn.Linear(2, 1)
    optimizer = optim.SGD(head.parameters(), lr=0.1)

    def step() -> None:
        optimizer.zero_grad()
        head(body(torch.ones(3, 2))).mean().backward()
        optimizer.step()

    step()
    with checks.strict():
        with pytest.warns(CheckWarning, match=r"parameter_not_in_optimizer: Linear\..* this one holds others"):
            step()
        step()


def test_a_layer_that_is_repeated_by_multiplying_a_list() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(2, 2), nn.ReLU())] * 3)

    relu = nn.ReLU()
    with checks.strict():
        list(nn.Sequential(nn.Linear(2, 2), relu, nn.Linear(2, 2), relu).parameters())
        with pytest.warns(CheckWarning, match="repeated_module: a ModuleList .* same Sequential 3 times") as said:
            net = Net()
            list(net.parameters()), list(net.parameters())
    assert len(said) == 1


def test_parameters_in_a_list_and_modules_in_a_dict() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = [nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))]
            self.parts = {"a": nn.Linear(2, 2, bias=False)}
            self.known = nn.Parameter(torch.ones(2))
            self.same = [self.known]

    model = Net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    (model.parts["a"](model.weights[0] * model.weights[1]) * model.known).sum().backward()
    with pytest.warns(CheckWarning) as said:
        optimizer.step()
    assert sorted(str(w.message).partition(", and")[0] for w in said) == [
        "modules_in_list: Net.parts is a plain dict", "modules_in_list: Net.weights is a plain list",
    ]  # fmt: skip
    assert {str(w.message).rpartition("= ")[2] for w in said} == {"nn.ModuleDict(...)", "nn.ParameterList(...)"}


def test_a_module_that_is_complete_may_be_asked_by_the_init_of_another() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers, self.last = (nn.Linear(2, 2),), nn.Linear(2, 1)

    class Trainer:
        def __init__(self, net: nn.Module) -> None:
            self.optimizer = optim.SGD(net.parameters(), lr=0.1)

    with checks.strict(), pytest.warns(CheckWarning, match=r"Net\.layers is a plain tuple, and the 2 parameters"):
        Trainer(Net())


# --- the graph ------------------------------------------------------------------------------------------------------


def test_data_taken_where_nothing_is_recorded_cuts_nothing() -> None:
    checks.strict("graph_cut")
    w = torch.ones(2, requires_grad=True)
    h = w * 2
    with torch.no_grad():
        scale = h.data
    (h * scale).sum().backward()
    assert w.grad.tolist() == [4, 4]


def test_a_rebuilt_tensor_in_a_loss_is_reported_with_the_line_that_rebuilt_it() -> None:
    checks.strict("graph_cut")
    w = torch.ones(2, requires_grad=True)
    a, b = (w * 2).sum(), (w * 3).sum()
    weights = torch.tensor([a, b])
    loss = (torch.stack([a, b]) * weights).sum()
    with pytest.warns(CheckWarning, match=rf"graph_cut: torch\.tensor\(x\) at line \d+ of {__file__} cuts the graph"):
        loss.backward()


def test_a_loss_without_a_graph_is_strictly_reported_even_if_nothing_is_trained() -> None:
    checks.strict("graph_cut")
    with pytest.warns(CheckWarning, match="graph_cut: backward.. starts from a tensor without a graph, so no"):
        torch.tensor(1.0, requires_grad=True).backward()


def test_a_batch_of_which_nothing_is_to_be_learned() -> None:
    optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
    loss = torch.tensor(0.0, requires_grad=True)
    loss.backward()
    optimizer.zero_grad()


def test_a_number_that_is_trained_may_be_its_own_loss() -> None:
    w = torch.tensor(1.0, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)
    w.backward()
    optimizer.step()


def test_an_optimizer_without_parameters_asks_for_a_module_list() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = [nn.Linear(2, 2)]

    with pytest.raises(ValueError, match=r"was given no parameters: .* plain list .* nn\.ModuleList"):
        optim.SGD(Net().parameters(), lr=0.1)


def test_a_check_that_is_an_error_leaves_the_step_whole() -> None:
    w = torch.tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.5)
    for _ in range(2):
        (w * 1).sum().backward()
        if w.grad.item() == 1.0:
            optimizer.step()
    with pytest.raises(CheckWarning, match="forgotten_zero_grad"):
        optimizer.step()
    assert w.item() == 1.0 - 0.5 - 0.5 * 2
