"""Look for bytes that make a loader misbehave: `make fuzz`, or `python -m tests.fuzz --seconds 600`.

Atheris changes bytes and keeps the changes that reach new lines of the loaders. What it changes here are the parts of
a safetensors file, so that most of what it tries gets past the first check. Bytes that break something are written to
out/fuzz/; they belong into the corpus under a name that says what was wrong, beside the repair.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import tracemalloc
from copy import deepcopy
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["cutaway"]):
    from .loaders import check

HERE = Path(__file__).parent
INTERESTING: list[Any] = [
    0, -1, 1, 2, 8, 2**31, 2**40, 2**63 - 1, 2**63, 2**80, 0.5, 1e308, True, None, "", [], {}, [0], [[0, 0]],
    {"tensor": 0}, {"tuple": []}, {"dict": [[1, 2]]}, {"float": "nan"}, {"bytes": "AA=="}, {"device": "cpu"},
]  # fmt: skip


def mutate_json(x: Any, rng: random.Random) -> Any:
    """The same with one place changed: another value, one left out, one doubled, or two exchanged."""
    if not isinstance(x, dict | list) or not x or rng.random() < 0.1:
        return deepcopy(rng.choice(INTERESTING)) if rng.random() < 0.9 else {"tuple": [x, x]}
    keys = list(x) if isinstance(x, dict) else list(range(len(x)))
    key, other, way = rng.choice(keys), rng.choice(keys), rng.random()
    if way < 0.1:
        del x[key]
    elif way < 0.2 and isinstance(x, list):
        x.insert(key, deepcopy(x[other]))
    elif way < 0.3:
        x[key], x[other] = x[other], x[key]
    else:
        x[key] = mutate_json(x[key], rng)
    return x


def mutate_header(table: Any, rng: random.Random) -> Any:
    """Mostly in what cutaway writes about its tensors and their order, which is JSON inside the JSON."""
    try:
        own = json.loads(table["__metadata__"]["cutaway"])
    except (ValueError, KeyError, TypeError):
        return mutate_json(table, rng)
    if rng.random() < 0.2:
        return mutate_json(table, rng)
    table["__metadata__"]["cutaway"] = json.dumps(mutate_json(own, rng))
    return table


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change the header as JSON, or as text, or the numbers, or just any bytes."""
    rng = random.Random(seed)
    n = int.from_bytes(data[:8], "little")
    if n > len(data) - 8 or rng.random() < 0.05:
        return bytes(atheris.Mutate(data, max_size))
    header, numbers, way = data[8 : 8 + n], data[8 + n :], rng.random()
    with contextlib.suppress(ValueError, RecursionError):
        if way < 0.8:
            table = json.loads(header)
            for _ in range(rng.choice([1, 1, 1, 2, 5])):
                table = mutate_header(table, rng)
            header = json.dumps(table).encode()
    if 0.8 <= way < 0.95:
        header = bytes(atheris.Mutate(header, len(header) + 64))
    elif way >= 0.95:
        numbers = bytes(atheris.Mutate(numbers, len(numbers) + 64))
    return (len(header).to_bytes(8, "little") + header + numbers)[:max_size]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=600, help="how long to look (default: 600)")
    parser.add_argument("--corpus", default="out/fuzz/corpus", help="where to put what reaches new lines")
    options = parser.parse_args()
    Path(options.corpus).mkdir(parents=True, exist_ok=True)
    tracemalloc.start()
    for path in (HERE / "corpus").iterdir():
        check(path.read_bytes())  # imports all there is to import
    limits = [f"-max_total_time={options.seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=8192"]
    places = ["-artifact_prefix=out/fuzz/", options.corpus, str(HERE / "corpus")]
    atheris.Setup([sys.argv[0], "-print_final_stats=1", *limits, *places], check, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
