"""Stories: a network that reads, remembers, and answers a question.

    Mary went to the kitchen. John ran to the garden. Mary moved to the office. Where is Mary now?

The first task of bAbI (Weston et al. 2015, "Towards AI-Complete Question Answering"), with stories of our own
making. To name the last place is right if the person asked for happens to have moved last. To do better, one
has to remember where everybody is, for the question comes last, and to forget where they were before.
What one learns here: words as vectors (embeddings), a state that is carried from sentence to sentence (a
recurrent network), and the comparison with a baseline, without which a figure says little.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import pictures
from tqdm import tqdm

import cutaway
import cutaway.nn.functional as F
from cutaway import Tensor, nn, optim

PEOPLE = ["Mary", "John", "Sandra", "Daniel"]
PLACES = ["kitchen", "garden", "office", "hallway", "bathroom", "bedroom"]
MOVES = ["went", "moved", "ran", "walked"]
WORDS = [*PEOPLE, *PLACES, *MOVES, "to", "the", "where", "is", "now", "?"]
Story = tuple[tuple[str, ...], ...]  # sentences of five words: the facts as they happen, then the question


@dataclass
class Result:
    accuracy: dict[int, float]  # on test stories, by their number of facts
    last_place: dict[int, float]  # the same for the baseline "the last place named"


def make_stories(facts: int, draws: int, rng: random.Random) -> tuple[dict[Story, str], dict[Story, str]]:
    """Up to `draws` distinct stories with answers: nine tenths for training, the rest for testing."""
    stories: dict[Story, str] = {}  # stories are distinct, so the two parts are disjoint
    for _ in range(draws):
        whereabouts, sentences = {}, []
        for _ in range(facts):
            person, place = rng.choice(PEOPLE), rng.choice(PLACES)
            whereabouts[person] = place
            sentences.append((person, rng.choice(MOVES), "to", "the", place))
        person = rng.choice(list(whereabouts))
        stories[*sentences, ("where", "is", person, "now", "?")] = whereabouts[person]
    pairs, cut = list(stories.items()), len(stories) * 9 // 10
    return dict(pairs[:cut]), dict(pairs[cut:])


def last_place_accuracy(stories: dict[Story, str]) -> float:
    """How often the last word of the last fact is the answer."""
    return sum(story[-2][-1] == answer for story, answer in stories.items()) / len(stories)


def encode(stories: dict[Story, str]) -> tuple[Tensor, Tensor]:
    """Words as numbers, (stories, sentences, 5), and answers as numbers, (stories,)."""
    words = [[[WORDS.index(word) for word in sentence] for sentence in story] for story in stories]
    return cutaway.tensor(words), cutaway.tensor([PLACES.index(answer) for answer in stories.values()])


class Reader(nn.Module):
    def __init__(self, embedding: int = 32, hidden: int = 128) -> None:
        super().__init__()
        self.embed = nn.Embedding(len(WORDS), embedding)
        # Two layers: the first can put "Mary" and "kitchen" together, the second keep what the first found.
        self.memory = nn.RNN(5 * embedding, hidden, num_layers=2, batch_first=True)
        self.answer = nn.Linear(hidden, len(PLACES))

    def forward(self, words: Tensor) -> Tensor:
        states, _ = self.memory(self.embed(words).view(*words.shape[:2], -1))  # (N, sentences, hidden)
        logits: Tensor = self.answer(states[:, -1])  # what it knows after the question: (N, places)
        return logits


def accuracy(model: Reader, words: Tensor, answers: Tensor) -> float:
    with cutaway.no_grad():
        return float((model(words).argmax(1) == answers).sum().item() / len(answers))


def main(
    seed: int = 0, steps: int = 2500, longest: int = 5, quiet: bool = False, out: Path = Path("out")
) -> Result:
    rng = random.Random(seed)
    cutaway.manual_seed(seed)
    stories = {facts: make_stories(facts, 20_000, rng) for facts in range(1, longest + 1)}
    data = {facts: encode(train) for facts, (train, _) in stories.items()}
    model, lr = Reader(), 0.1
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True)
    for step in tqdm(range(steps), desc="stories", disable=quiet or None):
        words, answers = data[rng.randint(1, longest)]  # all stories of a batch have the same length
        batch = cutaway.randint(len(words), (128,))
        loss = F.cross_entropy(model(words[batch]), answers[batch])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # a recurrent network's gradient can explode
        optimizer.param_groups[0]["lr"] = lr * min(1, 2 - 2 * step / steps)  # smaller steps in the second half
        optimizer.step()

    learned = {facts: accuracy(model, *encode(test)) for facts, (_, test) in stories.items()}
    guessed = {facts: last_place_accuracy(test) for facts, (_, test) in stories.items()}
    if not quiet:
        story, answer = next(iter(stories[longest][1].items()))
        [reply] = model(encode({story: answer})[0]).argmax(1).tolist()
        print("", *map(" ".join, story), f"-- {PLACES[reply]} (right: {answer})", sep="\n  ")
        print("\nRight answers on stories that it has never read:\nfacts   network   last place named")
        for facts in stories:
            print(f"  {facts}     {learned[facts]:6.1%}        {guessed[facts]:6.1%}")
    pictures.draw_stories(learned, guessed, out / "stories.png")
    return Result(learned, guessed)


if __name__ == "__main__":
    main()
