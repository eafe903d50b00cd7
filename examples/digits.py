"""Digits: reading handwriting.

1,797 digits written by 13 people, as images of 8 by 8 pixels (Alpaydin and Kaynak 1998; included in
scikit-learn). A network with two hidden layers is trained on four fifths of them, and tested on the rest.
What one learns here: mini-batches and epochs, held-out data, dropout and weight decay against overfitting,
and `train()` and `eval()`, which switch dropout on and off.
"""

from dataclasses import dataclass
from pathlib import Path

import pictures
from sklearn.datasets import load_digits
from tqdm import tqdm

import cutaway
import cutaway.nn.functional as F
from cutaway import Tensor, nn, optim

Labelled = tuple[Tensor, Tensor]  # images (N, 64) with values from 0 to 1, and labels (N,)


@dataclass
class Result:
    accuracy: float  # on the held-out digits
    train_accuracy: float
    held_out: int
    mistakes: int


def load(held_out: int = 360) -> tuple[Labelled, Labelled]:
    """The digits in random order, split into a training set and a test set."""
    digits = load_digits()
    images, labels = cutaway.tensor(digits.data / 16, dtype=cutaway.float32), cutaway.tensor(digits.target)
    # After shuffling, both parts contain digits by every writer: the test is on new digits, not on new writers.
    order = cutaway.randperm(len(labels))
    test, train = order[:held_out], order[held_out:]
    return (images[train], labels[train]), (images[test], labels[test])


def predict(model: nn.Module, images: Tensor) -> Tensor:
    """The most likely digit of each image (N,), without dropout and without recording."""
    model.eval()
    with cutaway.no_grad():
        guesses: Tensor = model(images).argmax(1)
    model.train()
    return guesses


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    return float((predict(model, images) == labels).sum().item() / len(labels))


def main(seed: int = 0, epochs: int = 60, quiet: bool = False, out: Path = Path("out")) -> Result:
    cutaway.manual_seed(seed)
    (images, labels), test = load()
    first_layer = nn.Linear(64, 256)
    # Dropout zeroes three units in ten, different ones at every step, so that units cannot co-adapt.
    model = nn.Sequential(
        first_layer, nn.ReLU(), nn.Dropout(0.3),
        nn.Linear(256, 256), nn.ReLU(), nn.Dropout(0.3),
        nn.Linear(256, 10),
    )  # fmt: skip
    lr, batch_size = 0.1, 64
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True, weight_decay=1e-4)
    curves: dict[str, list[float]] = {"digits it learns from": [], "held-out digits": []}
    for epoch in tqdm(range(epochs), desc="digits", disable=quiet or None):
        optimizer.param_groups[0]["lr"] = lr * (1 - epoch / epochs)  # large steps first, fine ones at the end
        order = cutaway.randperm(len(labels))  # an epoch sees every digit once, in a new order
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            loss = F.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        for curve, data in zip(curves.values(), ((images, labels), test), strict=True):
            curve.append(accuracy(model, *data))

    guesses, truths = predict(model, test[0]).tolist(), test[1].tolist()
    mistakes = [(truth, guess) for truth, guess in zip(truths, guesses, strict=True) if truth != guess]
    result = Result(accuracy(model, *test), accuracy(model, images, labels), len(truths), len(mistakes))
    if not quiet:
        print(f"\nright: {result.train_accuracy:.1%} of the digits it learned from,", end=" ")
        print(f"{result.accuracy:.1%} of the {result.held_out} held out")
        print("mistakes:", ", ".join(f"{truth} taken for {guess}" for truth, guess in mistakes))
    scans, weights = (t.detach().view(-1, 8, 8).numpy() for t in (test[0], first_layer.weight))
    pictures.draw_digits(curves, scans, truths, guesses, weights, out / "digits.png")
    return result


if __name__ == "__main__":
    main()
