"""Sequence: a network that learns to write, one character at a time.

It reads about 110,000 characters of English from the texts of `help("for")`, which every Python includes, and
learns to predict the next character. To write, it feeds its predictions back as input. What one learns here:
text as numbers, a recurrent network and its state, truncated backpropagation through time, perplexity.
"""

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from pydoc_data.topics import topics

import pictures
from tqdm import tqdm

import cutaway
import cutaway.nn.functional as F
from cutaway import Tensor, nn, optim

ALPHABET = "\n abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,;:!?'\"()-_*"
PLAIN = str.maketrans("’‘“”–", "''\"\"-")  # typographic quotes and dashes become ASCII


@dataclass
class Result:
    perplexity: float  # on held-out text: the equivalent number of equally likely characters
    bigram: float  # of a bigram model
    trigram: float  # of a trigram model
    samples: list[str]


def prose() -> tuple[list[str], list[str]]:
    """Paragraphs of plain English, without duplicates: the training text, and the last tenth, held out."""
    found: dict[str, None] = {}  # each once, although many appear under several topics
    for paragraph in "\n\n".join(topics[name] for name in sorted(topics)).split("\n\n"):
        text = " ".join(paragraph.split()).translate(PLAIN)
        if len(text) > 80 and text[0].isupper() and text[-1] == "." and set(text) <= set(ALPHABET):
            found[text] = None  # a sentence or more, and no code: that has characters which we leave out
    paragraphs, cut = list(found), len(found) * 9 // 10
    return paragraphs[:cut], paragraphs[cut:]


def ngram_perplexity(n: int, train: str, held_out: str, smoothing: float = 0.1) -> float:
    """The perplexity of an n-gram model, which counts in `train` how often a character follows n - 1 others."""
    seen = Counter(train[i : i + size] for i in range(len(train) - n + 1) for size in (n - 1, n))
    grams = [held_out[i : i + n] for i in range(len(held_out) - n + 1)]
    chances = ((seen[g] + smoothing) / (seen[g[:-1]] + smoothing * len(ALPHABET)) for g in grams)
    return math.exp(-sum(map(math.log, chances)) / len(grams))


def encode(text: str) -> Tensor:
    return cutaway.tensor([ALPHABET.index(character) for character in text])


class Writer(nn.Module):
    def __init__(self, embedding: int = 32, hidden: int = 192) -> None:
        super().__init__()
        self.embed = nn.Embedding(len(ALPHABET), embedding)
        self.memory = nn.RNN(embedding, hidden, batch_first=True)
        self.predict = nn.Linear(hidden, len(ALPHABET))

    def forward(self, text: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        states, state = self.memory(self.embed(text), state)  # (N, T, hidden), and the last: (1, N, hidden)
        return self.predict(states), state  # logits of the next character at each position: (N, T, alphabet)


def perplexity(model: Writer, text: Tensor) -> float:
    rows = text[: len(text) // 16 * 16].view(16, -1)  # read side by side, which is quicker
    with cutaway.no_grad():
        logits, _ = model(rows[:, :-1])
        return math.exp(F.cross_entropy(logits.view(-1, len(ALPHABET)), rows[:, 1:].reshape(-1)).item())


def write(model: Writer, text: str, length: int = 250, temperature: float = 0.6) -> str:
    """Continue `text`. A low temperature gives likely text, a high one more variety."""
    latest, state = encode(text), None
    with cutaway.no_grad():
        while len(text) < length:
            logits, state = model(latest.view(1, -1), state)
            latest = cutaway.multinomial(cutaway.softmax(logits[0, -1] / temperature, dim=0), 1)
            text += ALPHABET[int(latest.item())]
    return text


def main(seed: int = 0, steps: int = 1200, quiet: bool = False, out: Path = Path("out")) -> Result:
    cutaway.manual_seed(seed)
    train, held_out = ("\n".join(paragraphs) for paragraphs in prose())
    text, test, model, lr = encode(train), encode(held_out), Writer(), 0.2
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True)
    # Lay the text out in 32 rows, and read them all at once from left to right, 32 characters a step.
    rows, width, end = 32, 32, (len(text) - 1) // 32 * 32
    inputs, targets = text[:end].view(rows, -1), text[1 : end + 1].view(rows, -1)
    curve, state = {}, None
    for step in tqdm(range(steps), desc="sequence", disable=quiet or None):
        if step % 50 == 0:
            curve[step] = perplexity(model, test)
        here = step % (inputs.shape[1] // width) * width
        # The state is carried over, but no gradient flows back through it. It starts as zeros at the left.
        state = state.detach() if state is not None and here > 0 else None
        logits, state = model(inputs[:, here : here + width], state)
        loss = F.cross_entropy(logits.reshape(-1, len(ALPHABET)), targets[:, here : here + width].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # a recurrent network's gradient can explode
        optimizer.param_groups[0]["lr"] = lr * min(1, 2 - 2 * step / steps)  # smaller steps in the second half
        optimizer.step()
    curve[steps] = perplexity(model, test)
    bigram, trigram = (ngram_perplexity(n, train, held_out) for n in (2, 3))
    samples = [write(model, start) for start in ("The ", "If ", "A class ")]
    if not quiet:
        print("\nIt writes:", *samples, f"perplexity {curve[steps]:.2f}", sep="\n\n", end="; ")
        print(f"counting pairs {bigram:.2f}, counting threes {trigram:.2f}")
    pictures.draw_sequence(curve, {"bigram model": bigram, "trigram model": trigram}, out / "sequence.png")
    return Result(curve[steps], bigram, trigram, samples)


if __name__ == "__main__":
    main()
