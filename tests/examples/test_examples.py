"""Every example, run small, learns what it is there for; its data and its baselines are right."""

import math
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest

for needed in ("matplotlib", "sklearn", "tqdm"):
    pytest.importorskip(needed, reason="the examples need the extra `examples`")
EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))  # the scripts import their neighbours, as they do when they are run

import demo  # noqa: E402
import digits  # noqa: E402
import sequence  # noqa: E402
import stories  # noqa: E402
import xor  # noqa: E402

import cutaway  # noqa: E402

LESSONS = [xor, digits, stories, sequence]


def is_picture(path: Path) -> bool:
    return path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 10_000


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.__name__)
def test_a_script_is_short_and_says_what_one_learns(lesson: ModuleType) -> None:
    assert lesson.__file__ is not None and lesson.__doc__ is not None
    assert len(Path(lesson.__file__).read_text(encoding="utf-8").splitlines()) < 120
    assert "What one learns" in lesson.__doc__.replace("\n", " ")


# XOR


@pytest.mark.parametrize("seed", range(10))
def test_xor_is_learned_from_every_seed(seed: int, tmp_path: Path) -> None:
    result = xor.main(seed=seed, quiet=True, out=tmp_path)
    assert result.losses[-1] < 0.01
    assert result.right == 4
    assert [p > 0.5 for p in result.probabilities] == [False, True, True, False]
    assert result.line_losses[-1] == pytest.approx(math.log(2), abs=1e-3)  # a straight line: a coin toss
    assert is_picture(tmp_path / "xor.png")


def test_the_same_seed_gives_the_same_losses(tmp_path: Path) -> None:
    first, second = (xor.main(seed=3, steps=20, quiet=True, out=tmp_path).losses for _ in range(2))
    assert first == second
    assert first != xor.main(seed=4, steps=20, quiet=True, out=tmp_path).losses


def test_quiet_is_quiet_and_loud_shows_progress_to_a_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    xor.main(steps=20, quiet=True, out=tmp_path)
    assert capfd.readouterr() == ("", "")
    xor.main(steps=20, quiet=False, out=tmp_path)
    printed = capfd.readouterr()
    assert "a xor b" in printed.out and not printed.err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    xor.main(steps=20, quiet=False, out=tmp_path)
    assert "20/20" in capfd.readouterr().err


# digits


def test_digits_are_learned(tmp_path: Path) -> None:
    result = digits.main(epochs=40, quiet=True, out=tmp_path)
    assert result.accuracy > 0.97
    assert result.accuracy == pytest.approx(1 - result.mistakes / result.held_out)
    assert is_picture(tmp_path / "digits.png")


def test_digits_are_split_without_loss_or_overlap() -> None:
    from sklearn.datasets import load_digits

    cutaway.manual_seed(0)
    (images, labels), (test_images, test_labels) = digits.load(held_out=360)
    assert (len(images), len(test_images)) == (1437, 360)
    assert images.shape[1] == test_images.shape[1] == 64
    data = load_digits()

    def rows(pictures: list[list[float]], digits: list[int]) -> list[tuple[int, ...]]:
        return [(*(round(16 * pixel) for pixel in p), d) for p, d in zip(pictures, digits, strict=True)]

    learned = rows(images.tolist(), labels.tolist())
    held_out = rows(test_images.tolist(), test_labels.tolist())
    original = [(*map(round, p), int(d)) for p, d in zip(data.data.tolist(), data.target, strict=True)]
    assert sorted(learned + held_out) == sorted(original)  # every picture once, each with its own label
    assert len(set(original)) == len(original)  # and none is there twice, so none is on both sides
    assert 0 <= images.min().item() and images.max().item() <= 1


# stories


def test_stories_are_understood(tmp_path: Path) -> None:
    result = stories.main(steps=900, longest=2, quiet=True, out=tmp_path)
    assert list(result.accuracy) == list(result.last_place) == [1, 2]
    assert result.accuracy[2] > 0.95
    assert result.last_place[1] == 1
    assert result.last_place[2] < 0.75
    assert is_picture(tmp_path / "stories.png")


@pytest.mark.parametrize("facts", range(1, 6))
def test_no_story_is_learned_and_tested(facts: int) -> None:
    train, test = stories.make_stories(facts, 3000, random.Random(facts))
    assert train and test
    assert not train.keys() & test.keys()
    assert len(test) == pytest.approx(len(train) / 9, rel=0.2)


@pytest.mark.parametrize("facts", range(1, 6))
def test_answers_are_right(facts: int) -> None:
    train, test = stories.make_stories(facts, 500, random.Random(0))
    for story, answer in [*train.items(), *test.items()]:
        assert len(story) == facts + 1
        assert all(len(sentence) == 5 for sentence in story)
        *happened, (where, is_, person, *_) = story
        assert (where, is_) == ("where", "is")
        [*_, latest] = [sentence for sentence in happened if sentence[0] == person]  # asked for, so it moved
        assert latest[-1] == answer
        assert answer in stories.PLACES


def test_the_same_seed_makes_the_same_stories() -> None:
    assert stories.make_stories(3, 200, random.Random(1)) == stories.make_stories(3, 200, random.Random(1))
    assert stories.make_stories(3, 200, random.Random(1)) != stories.make_stories(3, 200, random.Random(2))


def test_every_person_place_and_move_comes_up() -> None:
    train, _ = stories.make_stories(2, 500, random.Random(0))
    assert {word for story in train for sentence in story for word in sentence} == set(stories.WORDS)


def test_last_place_named() -> None:
    mary, john = ("Mary", "went", "to", "the", "garden"), ("John", "ran", "to", "the", "office")
    where_mary, where_john = ("where", "is", "Mary", "now", "?"), ("where", "is", "John", "now", "?")
    right: dict[stories.Story, str] = {(mary, john, where_john): "office", (john, mary, where_mary): "garden"}
    wrong: dict[stories.Story, str] = {(mary, john, where_mary): "garden"}
    assert stories.last_place_accuracy(right) == 1
    assert stories.last_place_accuracy(wrong) == 0
    assert stories.last_place_accuracy(right | wrong) == pytest.approx(2 / 3)


def test_last_place_is_as_good_as_chance_says() -> None:
    # One pair of facts in four is about one person and leaves one question; the others leave two. So of
    # every 1 + 3 * 2 stories, 4 ask for whoever moved last; in the rest, one in six went to the same place.
    train, test = stories.make_stories(2, 100_000, random.Random(0))  # practically all there are
    assert stories.last_place_accuracy(train | test) == pytest.approx(4 / 7 + 3 / 7 / 6, abs=0.01)


def test_stories_become_numbers() -> None:
    story: stories.Story = (("Mary", "went", "to", "the", "garden"), ("where", "is", "Mary", "now", "?"))
    words, answers = stories.encode({story: "garden"})
    assert words.shape == (1, 2, 5)
    assert tuple(tuple(stories.WORDS[i] for i in sentence) for sentence in words[0].tolist()) == story
    assert answers.tolist() == [stories.PLACES.index("garden")]


# sequence


def test_sequence_beats_counting(tmp_path: Path) -> None:
    result = sequence.main(steps=200, quiet=True, out=tmp_path)
    assert result.perplexity < 0.6 * result.bigram
    assert result.trigram < result.bigram
    assert [sample[:3] for sample in result.samples] == ["The", "If ", "A c"]
    assert all(len(sample) == 250 and set(sample) <= set(sequence.ALPHABET) for sample in result.samples)
    assert is_picture(tmp_path / "sequence.png")


def test_prose_is_plain_english_and_held_out_text_is_new() -> None:
    train, held_out = sequence.prose()
    assert not set(train) & set(held_out)
    assert len(set(train)) == len(train)
    assert 90_000 < sum(map(len, train)) < 200_000
    assert len(held_out) == pytest.approx(len(train) / 9, rel=0.05)
    letters = "".join(train + held_out)
    assert set(letters) <= set(sequence.ALPHABET) - {"\n"}
    assert sum(c.islower() or c == " " for c in letters) > 0.9 * len(letters)
    assert not any(">>>" in paragraph or "::=" in paragraph or "  " in paragraph for paragraph in train)
    assert (train, held_out) == sequence.prose()


def test_bigram_perplexity_by_hand() -> None:
    size = len(sequence.ALPHABET)
    # "abab": a is followed by b twice, b by a once.
    b_after_a, a_after_b = (2 + 0.1) / (2 + 0.1 * size), (1 + 0.1) / (1 + 0.1 * size)
    assert sequence.ngram_perplexity(2, "abab", "ab") == pytest.approx(1 / b_after_a)
    assert sequence.ngram_perplexity(2, "abab", "aba") == pytest.approx((b_after_a * a_after_b) ** -0.5)
    assert sequence.ngram_perplexity(2, "abab", "zz") == pytest.approx(size)  # never seen: anything goes
    # "abac": after "ab" comes a, after "ba" comes c.
    assert sequence.ngram_perplexity(3, "abac", "aba") == pytest.approx((1 + 0.1 * size) / 1.1)


@pytest.mark.parametrize("n", [2, 3])
def test_the_chances_of_what_follows_add_up_to_one(n: int) -> None:
    text = "the cat sat on the mat\nthe hat"
    for before in ("t", "e", "q") if n == 2 else ("th", "at", "qq"):
        chances = [1 / sequence.ngram_perplexity(n, text, before + c) for c in sequence.ALPHABET]
        assert sum(chances) == pytest.approx(1)


def test_a_network_that_knows_nothing_has_the_perplexity_of_the_alphabet() -> None:
    model = sequence.Writer(embedding=4, hidden=8)
    with cutaway.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    text = sequence.encode("It knows nothing. " * 10)
    assert sequence.perplexity(model, text) == pytest.approx(len(sequence.ALPHABET), rel=1e-4)


# the demo


def test_the_demo_prints_one_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    seen = {}

    def pretend(lesson: ModuleType, result: object) -> None:
        def main(quiet: bool, out: Path) -> object:
            seen[lesson.__name__] = (quiet, out)
            return result

        monkeypatch.setattr(lesson, "main", main)

    pretend(xor, xor.Result([0.7, 0.001], [0.7, 0.6931], [0.0, 1.0, 1.0, 0.0], 4))
    pretend(digits, digits.Result(0.98, 1.0, 360, 7))
    pretend(stories, stories.Result({2: 0.99, 5: 0.85}, {2: 0.66, 5: 0.45}))
    pretend(sequence, sequence.Result(4.0, 11.5, 6.4, []))
    assert demo.main(quiet=True, out=tmp_path)
    table = capsys.readouterr().out
    assert seen == dict.fromkeys(("xor", "digits", "stories", "sequence"), (True, tmp_path))
    assert table.count("reached") == 4
    for part in ("0.0010, 4 of 4", "98.0%", "99.0% of 2 facts", "66.0%, 45.0%", "4.00", "11.50", "xor.png"):
        assert part in table

    pretend(digits, digits.Result(0.96, 1.0, 360, 14))
    assert not demo.main(quiet=True, out=tmp_path)
    assert capsys.readouterr().out.count("MISSED") == 1
