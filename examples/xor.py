"""XOR: why a network needs a hidden layer.

XOR is true when exactly one of its two inputs is. No straight line separates its true cases from its false
ones, so a single linear layer cannot learn it, however long it trains. Eight hidden units can.
What one learns here: the steps of every training loop (predict, zero_grad, backward, step), and what a hidden
layer is for.
"""

from dataclasses import dataclass
from pathlib import Path

import pictures
from tqdm import tqdm

import cutaway
from cutaway import nn, optim

# The whole data set: the four cases (4, 2), and the right answer to each (4, 1).
CASES = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
ANSWERS = [[0.0], [1.0], [1.0], [0.0]]


@dataclass
class Result:
    losses: list[float]  # of the network, one a step
    line_losses: list[float]  # of the single linear layer
    probabilities: list[float]  # that the answer is 1, for the four cases
    right: int  # how many of the four cases it answers right


def train(model: nn.Module, steps: int, label: str, quiet: bool) -> list[float]:
    """Fit `model` to the four cases; return its loss at every step."""
    inputs, targets = cutaway.tensor(CASES), cutaway.tensor(ANSWERS)
    # The model gives logits: any number, large for "true". This loss applies the sigmoid itself, in a way
    # that cannot overflow, and then takes the negative log-likelihood of the right answer.
    loss_function = nn.BCEWithLogitsLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    losses = []
    for _ in tqdm(range(steps), desc=label, disable=quiet or None):
        loss = loss_function(model(inputs), targets)  # predict, and compute the loss
        optimizer.zero_grad()  # reset the gradients of the previous step
        loss.backward()  # compute the gradient of every parameter
        optimizer.step()  # update every parameter
        losses.append(loss.item())
    return losses


def main(seed: int = 0, steps: int = 500, quiet: bool = False, out: Path = Path("out")) -> Result:
    cutaway.manual_seed(seed)
    # The hidden layer bends the plane: each of its eight tanh units is one soft straight cut, and the last
    # layer combines the cuts. Without a nonlinearity between them, two linear layers would be just one.
    network = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    losses = train(network, steps, "network", quiet)
    line = nn.Linear(2, 1)
    line_losses = train(line, steps, "straight line", quiet)

    with cutaway.no_grad():  # only evaluation from here on, so nothing needs to be recorded
        probabilities = cutaway.sigmoid(network(cutaway.tensor(CASES))).view(-1).tolist()
    right = sum((p > 0.5) == (answer == 1.0) for p, [answer] in zip(probabilities, ANSWERS, strict=True))
    if not quiet:
        print("\n  a  b  a xor b   the network says")
        for [a, b], [answer], p in zip(CASES, ANSWERS, probabilities, strict=True):
            print(f"  {a:.0f}  {b:.0f}     {answer:.0f}      {p:.4f}")
        print(f"loss {losses[-1]:.5f}; of a straight line {line_losses[-1]:.5f}, as bad as a coin toss")

    ticks = [i / 60 for i in range(-30, 91)]  # a and b from -0.5 to 1.5
    with cutaway.no_grad():
        plane = cutaway.tensor([[a, b] for b in ticks for a in ticks])
        surface = cutaway.sigmoid(network(plane)).view(len(ticks), -1).numpy()
    pictures.draw_xor(losses, line_losses, ticks, surface, out / "xor.png")
    return Result(losses, line_losses, probabilities, right)


if __name__ == "__main__":
    main()
