"""Right programs: training loops of one model, fine-tuning, averages of weights, sequences."""

from __future__ import annotations

import copy
import math
from typing import Any

import cutaway as torch
import cutaway.nn.functional as F
from cutaway import nn, optim
from cutaway.utils.data import DataLoader, TensorDataset, random_split
from tests.checks.shared import batch, mlp, params, step, with_dropout

# --- loops ----------------------------------------------------------------------------------------------------------


def epochs_with_evaluation_and_early_stopping() -> None:
    train, test = random_split(TensorDataset(torch.randn(40, 4), torch.randint(0, 3, (40,))), [0.75, 0.25])
    model = with_dropout()
    optimizer = optim.AdamW(model.parameters(), lr=1e-2)
    best, state = math.inf, copy.deepcopy(model.state_dict())
    for _ in range(3):
        model.train()
        for x, y in DataLoader(train, batch_size=10, shuffle=True):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y, label_smoothing=0.1).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        model.eval()
        with torch.no_grad():
            loss = sum(F.cross_entropy(model(x), y, reduction="sum").item() for x, y in DataLoader(test, batch_size=5))
        if loss < best:
            best, state = loss, copy.deepcopy(model.state_dict())
    model.load_state_dict(state)


def evaluation_between_steps() -> None:
    model = with_dropout()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @torch.no_grad()
    def evaluate() -> float:
        model.eval()
        losses = [F.cross_entropy(model(x), y).item() for x, y in (batch(), batch())]
        model.train()
        return sum(losses)

    for i in range(4):
        if i % 2 == 0:
            evaluate()
        x, y = batch()
        step(optimizer, F.cross_entropy(model(x), y))


def training_that_is_resumed() -> None:
    def built() -> tuple[Any, Any, Any]:
        model = with_dropout()
        optimizer = optim.Adam(model.parameters(), lr=1e-2)
        return model, optimizer, optim.lr_scheduler.StepLR(optimizer, 2)

    def epoch(model: Any, optimizer: Any, schedule: Any) -> None:
        model.train()
        for x, y in (batch(), batch()):
            step(optimizer, F.cross_entropy(model(x), y))
        schedule.step()
        model.eval()
        with torch.no_grad():
            model(batch()[0]).argmax(1)

    parts = built()
    epoch(*parts)
    saved = copy.deepcopy([part.state_dict() for part in parts])
    parts = built()
    for part, state in zip(parts, saved):
        part.load_state_dict(state)
    epoch(*parts)
    epoch(*parts)


def every_schedule() -> None:
    rates = optim.lr_scheduler
    for make in (
        lambda o: rates.StepLR(o, 2), lambda o: rates.MultiStepLR(o, [1, 2]), lambda o: rates.ExponentialLR(o, 0.9),
        lambda o: rates.CosineAnnealingLR(o, 5), lambda o: rates.CosineAnnealingWarmRestarts(o, 2),
        lambda o: rates.OneCycleLR(o, 0.1, total_steps=5), lambda o: rates.LambdaLR(o, lambda n: 0.9**n),
        rates.LinearLR, rates.ConstantLR, rates.ReduceLROnPlateau,
        lambda o: rates.SequentialLR(o, [rates.LinearLR(o), rates.ExponentialLR(o, 0.9)], [2]),
    ):  # fmt: skip
        model = mlp(4, 3)
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        schedule = make(optimizer)
        for _ in range(4):
            x, y = batch()
            loss = F.cross_entropy(model(x), y)
            step(optimizer, loss)
            schedule.step(*[loss.item()] * isinstance(schedule, rates.ReduceLROnPlateau))


def gradients_of_an_odd_number_of_batches() -> None:
    model = mlp(4, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    optimizer.zero_grad()
    for i in range(5):
        x, y = batch()
        (F.cross_entropy(model(x), y) / 2).backward()
        if i % 2 or i == 4:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()


def a_step_that_is_left_out_where_the_norm_is_not_finite() -> None:
    model = mlp(4, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for i in range(4):
        x, y = batch()
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if not (i == 1 or norm.isnan()):
            optimizer.step()
        nn.utils.clip_grad_norm_(model.parameters(), math.inf)  # for a plot


def a_closure() -> None:
    model = mlp(4, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    x, y = batch()

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)


def several_evaluations_in_one_step() -> None:
    model = with_dropout().eval()
    plain, searching = (optim.LBFGS(model.parameters(), max_iter=4, line_search_fn=s) for s in (None, "strong_wolfe"))
    x, y = batch()

    def closure() -> torch.Tensor:
        model.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    for _ in range(3):
        plain.step(closure)
        searching.step(closure)


def groups_with_settings_of_their_own() -> None:
    embedding = nn.Sequential(nn.Embedding(5, 4), nn.Flatten())
    model = nn.Sequential(embedding, nn.Linear(12, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 3))
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = optim.AdamW([{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}])
    for n in range(3):
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * (n + 1)
        tokens, y = torch.randint(0, 5, (8, 3)), torch.randint(0, 3, (8,))
        step(optimizer, F.cross_entropy(model(tokens), y))


# --- fine-tuning, and models that follow others -----------------------------------------------------------------------


def layers_that_are_unfrozen_one_by_one() -> None:
    model = mlp(4, 8, 8, 3)
    model[:4].requires_grad_(False)
    optimizer = optim.SGD(model[4].parameters(), lr=0.1)
    for epoch in range(4):
        if epoch == 2:
            model[2].requires_grad_(True)
            optimizer.add_param_group({"params": model[2].parameters(), "lr": 0.01})
        x, y = batch()
        step(optimizer, F.cross_entropy(model(x), y))


def low_rank_adapters() -> None:
    class Adapted(nn.Module):
        def __init__(self, base: nn.Linear) -> None:
            super().__init__()
            self.base = base.requires_grad_(False)
            self.a = nn.Parameter(torch.randn(2, base.in_features))
            self.b = nn.Parameter(torch.zeros(base.out_features, 2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.base(x) + F.linear(F.linear(x, self.a), self.b)

    model = nn.Sequential(Adapted(nn.Linear(4, 8)), nn.ReLU(), Adapted(nn.Linear(8, 3)))
    optimizer = optim.AdamW(p for p in model.parameters() if p.requires_grad)
    for _ in range(3):
        x, y = batch()
        step(optimizer, F.cross_entropy(model(x), y))


def frozen_statistics_of_batch_norm() -> None:
    model = with_dropout()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        model.train()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.eval()
        x, y = batch()
        step(optimizer, F.cross_entropy(model(x), y))
        model.eval()
        with torch.no_grad():
            model(x).argmax(1)


def fine_tuning_in_evaluation_mode() -> None:
    model = with_dropout().eval()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for _ in range(3):
        x, y = batch()
        step(optimizer, F.cross_entropy(model(x), y))
        with torch.no_grad():
            model(x).argmax(1)


def a_model_that_stays_in_evaluation_whatever_is_called() -> None:
    teacher = with_dropout().eval()
    teacher.train = lambda mode=True: teacher
    model = nn.ModuleDict({"teacher": teacher, "student": mlp(4, 3)}).train()
    optimizer = optim.SGD(model["student"].parameters(), lr=0.1)
    for _ in range(3):
        x, _ = batch()
        with torch.no_grad():
            target = model["teacher"](x).softmax(1)
        step(optimizer, F.kl_div(model["student"](x).log_softmax(1), target, reduction="batchmean"))


def an_average_of_the_weights() -> None:
    model = with_dropout()
    average = copy.deepcopy(model).requires_grad_(False).eval()
    optimizer = optim.AdamW(model.parameters())
    for _ in range(3):
        x, y = batch()
        step(optimizer, F.cross_entropy(model(x), y))
        with torch.no_grad():
            for p, q in zip(average.parameters(), model.parameters()):
                p.lerp_(q, 0.1)
            for p, q in zip(average.buffers(), model.buffers()):
                p.copy_(q)
            average(x).argmax(1)


def weights_that_are_swapped_for_the_evaluation() -> None:
    model = mlp(4, 8, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    shadow = {name: x.clone() for name, x in model.state_dict().items()}
    for _ in range(3):
        x, y = batch()
        step(optimizer, F.cross_entropy(model(x), y))
        for name, value in model.state_dict().items():
            shadow[name] = 0.9 * shadow[name] + 0.1 * value
        own = copy.deepcopy(model.state_dict())
        model.load_state_dict(shadow)
        with torch.no_grad():
            F.cross_entropy(model(x), y)
        model.load_state_dict(own)


def rounds_of_many_clients() -> None:
    whole = mlp(4, 8, 3)
    for _ in range(2):
        states = []
        for _ in range(3):
            part = copy.deepcopy(whole)
            optimizer = optim.SGD(part.parameters(), lr=0.1)
            for x, y in (batch(), batch()):
                step(optimizer, F.cross_entropy(part(x), y))
            states.append(part.state_dict())
        whole.load_state_dict({name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]})


# --- sequences --------------------------------------------------------------------------------------------------------


def a_state_that_is_cut_every_third_step() -> None:
    rnn, last = nn.LSTM(4, 8), nn.Linear(8, 3)
    optimizer = optim.SGD(params(rnn, last), lr=0.1)
    state, loss = None, torch.zeros(())
    for t in range(6):
        out, state = rnn(torch.randn(1, 2, 4), state)
        loss = loss + F.cross_entropy(last(out[-1]), torch.randint(0, 3, (2,)))
        if t % 3 == 2:
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_value_(rnn.parameters(), 0.5)
            optimizer.step()
            state, loss = tuple(x.detach() for x in state), torch.zeros(())


def the_last_step_in_every_layout() -> None:
    first, other, last = nn.LSTM(4, 8, batch_first=True), nn.GRU(4, 8), nn.Linear(8, 3)
    x, y, lengths = torch.randn(5, 7, 4), torch.randint(0, 3, (5,)), torch.randint(1, 8, (5,))
    out, (h, _) = first(x)
    step_first, _ = other(x.transpose(0, 1))
    one_sequence, _ = other(x[:1].transpose(0, 1))
    losses = [F.cross_entropy(last(features), y) for features in (
        out[:, -1], out[:, -1, :].relu(), h[-1], out[torch.arange(5), lengths - 1], step_first[-1],
        step_first.transpose(0, 1)[:, -1],
    )]  # fmt: skip
    losses.append(F.cross_entropy(last(one_sequence[:, -1]), torch.randint(0, 3, (7,))))
    sum(losses).backward()


def a_decoder_that_is_sometimes_told() -> None:
    embed, encoder, decoder, out = nn.Embedding(6, 8), nn.GRU(8, 8, batch_first=True), nn.GRUCell(8, 8), nn.Linear(8, 6)
    optimizer = optim.Adam(params(embed, encoder, decoder, out))
    for _ in range(3):
        source, target = torch.randint(0, 6, (4, 5)), torch.randint(0, 6, (4, 5))
        h = encoder(embed(source))[1][0]
        token, losses = torch.zeros(4, dtype=torch.long), []
        for t in range(5):
            h = decoder(embed(token), h)
            scores = out(h)
            losses.append(F.cross_entropy(scores, target[:, t]))
            token = target[:, t] if t % 2 else scores.argmax(1)
        step(optimizer, torch.stack(losses).mean())


def a_language_model_with_one_matrix_at_both_ends() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token, self.place = nn.Embedding(7, 8), nn.Embedding(6, 8)
            layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
            self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.head = nn.Linear(8, 7, bias=False)
            self.head.weight = self.token.weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            length = x.size(1)
            mask = torch.ones(length, length, dtype=torch.bool).triu(1)
            return self.head(self.blocks(self.token(x) + self.place(torch.arange(length)), mask=mask))

    model = Model()
    optimizer = optim.AdamW(model.parameters())
    for _ in range(3):
        tokens = torch.randint(0, 7, (4, 7))
        step(optimizer, F.cross_entropy(model(tokens[:, :-1]).view(-1, 7), tokens[:, 1:].reshape(-1)))
        model.eval()
        text = tokens[:1, :1]
        with torch.no_grad():
            for _ in range(4):
                probabilities = F.softmax(model(text)[:, -1], dim=-1)
                text = torch.cat([text, torch.multinomial(probabilities, 1)], 1)
        model.train()
