"""Measure, print, and, when all was measured, write docs/benchmarks.md and its chart."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
from importlib.metadata import version
from pathlib import Path

from . import growth, memory, profile, speed, start, tracing
from .chart import bars
from .peers import MAKE, PEERS
from .workloads import WORKLOADS

DOCS = Path(__file__).parent.parent / "docs"
LABELS = {
    "small_ops": "200 small ops", "xor": "XOR 2-8-1", "mlp_small": "MLP 64-128-10", "mlp": "MLP 784-512-10, Adam",
    "mlp_sgd": "MLP 784-512-10, SGD", "cell": "embedding, unrolled cell", "rnn": "nn.RNN", "gru": "nn.GRU",
    "lstm": "nn.LSTM", "lenet": "LeNet", "gpt": "GPT, AdamW",
}  # fmt: skip

# The targets: the maximum of cutaway's time relative to the other's.
AIMS = {
    "PyTorch": {
        "small_ops": 0.75, "xor": 0.6, "mlp_small": 0.9, "mlp": 1.0, "cell": 0.8,
        "rnn": 0.9, "gru": 1.0, "lstm": 1.5, "lenet": 1.5, "gpt": 1.2,
    },
    "NumPy by hand": {"xor": 3.0, "mlp": 1.1, "mlp_sgd": 1.1},
    "autograd": {name: 0.5 if name in ("small_ops", "xor") else 1.0 for name in WORKLOADS},
    "MyGrad": {name: 0.5 if name in ("small_ops", "xor") else 1.0 for name in WORKLOADS},
    "micrograd": {"small_ops": 0.5, "xor": 0.5},
}  # fmt: skip

PAGE = """\
# Benchmarks

cutaway compared with PyTorch, with other NumPy engines, and with NumPy and hand-written gradients. `make bench`
measures all of it and writes this page; the code is in `benchmarks/`. [Performance](performance.md) explains where
the time goes.

Measured on {machine}.

Each number is one whole training step: forward, backward, optimizer. Both sides do the same work from the same
weights (after three steps the losses are compared), in one process and in alternation; a ratio is the median of the
ratios of adjacent runs, followed by the quartiles. Below 1, cutaway is faster. PyTorch runs in eager mode with its
default threads; NumPy multiplies matrices with its own.

{speed}
## The workloads

{workloads}
## Where the time goes

A step of cutaway in milliseconds: matrix products, the rest of the ops' forward and of their pullbacks, the
optimizer, and the overhead, which is recording, backward traversal and layers.

{profile}
## Memory

How much the process grows during training, beyond the library itself, in megabytes.

{memory}
## Growth

The time of a step in milliseconds, for the size in brackets and its multiples, and the fitted exponent, which is 1 if
twice the work takes twice the time.

{growth}
## Tracing

How many plain backward passes `explain.trace` takes: each of a loss of its own, in alternation. The aim is 5.

{tracing}
## Start

From the start of the interpreter to the end of the program, in seconds.

{start}"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="?", choices=["speed", *TABLES])
    parser.add_argument("workload", nargs="*", choices=[[], *MAKE], help="with `speed`: only these")
    parser.add_argument("--peer", action="append", choices=PEERS, help="with `speed`: only this one")
    options = parser.parse_args()
    print(machine(), end="\n\n")
    if options.part == "speed":
        speed_tables(options.workload or list(MAKE), options.peer or list(PEERS))
    elif options.part:
        TABLES[options.part]()
    else:
        everything()


def everything() -> None:
    text, ratios = speed_tables(list(MAKE), list(PEERS))
    page = PAGE.format(
        machine=machine(),
        speed=text,
        workloads="".join(f"- **{LABELS[name]}**: {make.__doc__}\n" for name, make in MAKE.items()),
        **{part: table() for part, table in TABLES.items()},
    )
    (DOCS / "benchmarks.md").write_text(page, encoding="utf-8")
    (DOCS / "benchmarks.svg").write_text(bars("time of a training step, PyTorch's = 1", ratios), encoding="utf-8")
    print(f"written: {DOCS / 'benchmarks.md'}")


def machine() -> str:
    import torch

    packages = [f"{name} {version(name)}" for name in ("numpy", "torch", "autograd", "mygrad", "micrograd")]
    return (
        f"{os.cpu_count()} processors ({platform.machine()}, {platform.system()}), Python {platform.python_version()}, "
        f"PyTorch with {torch.get_num_threads()} threads; " + ", ".join(packages)
    )


def speed_tables(names: list[str], peers: list[str]) -> tuple[str, dict[str, float]]:
    """A table for each peer; and the ratios beside PyTorch, by label."""
    text, ratios = "", {}
    for peer in peers:
        can = [name for name in names if name in PEERS[peer][1]]
        if not can:
            continue
        text += say(f"### {peer}\n\n| workload | cutaway, ms | {peer}, ms | ratio | quartiles | aim |")
        text += say("| --- | ---: | ---: | ---: | ---: | ---: |")
        for name in can:
            pair = speed.measure(name, peer)
            ratios[peer, name] = pair.ratio
            aim = AIMS[peer].get(name)
            text += say(
                f"| {LABELS[name]} | {pair.ours * 1e3:.3f} | {pair.theirs * 1e3:.3f} | **{pair.ratio:.2f}** "
                f"| {pair.low:.2f} – {pair.high:.2f} | {'' if aim is None else aim} |"
            )
        if len(can) == len(WORKLOADS):
            mean = statistics.geometric_mean([ratios[peer, name] for name in can])
            text += say(f"| geometric mean | | | **{mean:.2f}** | | {0.9 if peer == 'PyTorch' else ''} |")
        if peer == "PyTorch":
            text += "\n![Ratios beside PyTorch](benchmarks.svg)\n"
        text += say("")
    return text, {LABELS[name]: ratio for (peer, name), ratio in ratios.items() if peer == "PyTorch"}


def profile_table() -> str:
    text = say("| workload | step | products | ops | pullbacks | optimizer | around |")
    text += say("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in MAKE:
        cells = " | ".join(f"{seconds * 1e3:.3f}" for seconds in profile.measure(name).values())
        text += say(f"| {LABELS[name]} | {cells} |")
    return text + "\n"


def memory_table() -> str:
    text = say("| workload | cutaway | PyTorch | ratio |\n| --- | ---: | ---: | ---: |")
    for name in memory.WORKLOADS:
        ours, theirs = memory.measure(name, "cutaway"), memory.measure(name, "PyTorch")
        text += say(f"| {LABELS[name]} | {ours:.1f} | {theirs:.1f} | {ours / theirs:.2f} |")
    return text + "\n"


def growth_table() -> str:
    heads = " | ".join(f"{k}×" for k in growth.FACTORS)
    text = say(f"| | | {heads} | exponent |\n| --- | --- |{' ---: |' * (len(growth.FACTORS) + 1)}")
    for axis in growth.AXES:
        for name in ("cutaway", "PyTorch"):
            times = growth.measure(name, axis)
            cells = " | ".join(f"{t * 1e3:.2f}" for t in times)
            text += say(f"| {axis} | {name} | {cells} | {growth.exponent(times):.2f} |")
    return text + "\n"


def tracing_table() -> str:
    text = say("| workload | trace, ms | backward, ms | ratio | quartiles |\n| --- | ---: | ---: | ---: | ---: |")
    for name in WORKLOADS:
        pair = tracing.measure(name)
        text += say(
            f"| {LABELS[name]} | {pair.ours * 1e3:.3f} | {pair.theirs * 1e3:.3f} | **{pair.ratio:.2f}** "
            f"| {pair.low:.2f} – {pair.high:.2f} |"
        )
    return text + "\n"


def start_table() -> str:
    text = say("| program | seconds |\n| --- | ---: |")
    for program, seconds in start.measure().items():
        text += say(f"| {program} | {seconds:.3f} |")
    return text + "\n"


TABLES = {
    "profile": profile_table, "memory": memory_table, "growth": growth_table, "tracing": tracing_table,
    "start": start_table,
}  # fmt: skip


def say(line: str) -> str:
    print(line, flush=True)
    return line + "\n"


if __name__ == "__main__":
    main()
