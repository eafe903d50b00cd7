"""PyTorch's draws, replaced as on Intel's processors, are to the last bit what they are on others."""

from __future__ import annotations

import subprocess
import sys

import tests.parity.processor as processor

PROGRAM = """
import sys, torch
from tests.parity.processor import draw_from_the_stream, draws_from_the_stream

if sys.argv[1] == "replaced":
    draw_from_the_stream()
assert draws_from_the_stream()
torch.manual_seed(0)
g = torch.Generator().manual_seed(1)
for x in (
    torch.empty(50).bernoulli_(0.3), torch.empty(4, 6, dtype=torch.int64).t().bernoulli_(0.3, generator=g),
    torch.nn.functional.dropout(torch.ones(40), 0.3), torch.nn.functional.dropout(torch.ones(9, requires_grad=True)),
    torch.nn.GRU(3, 4, 3, dropout=0.5)(torch.ones(5, 2, 3))[0],
    torch.empty(30).exponential_(1.7), torch.empty(30, dtype=torch.float64).exponential_(generator=g),
    torch.empty(3).exponential_(torch.inf), torch.multinomial(torch.ones(50), 5), torch.get_rng_state(), g.get_state(),
):
    print(x.tolist())
"""


def test_the_replaced_draws_are_those_of_other_processors() -> None:
    printed = [
        subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True).stdout
        for how in ("as it is", "replaced")
    ]
    assert printed[0] == printed[1] and len(printed[0].splitlines()) == 11
    assert processor.draws_from_the_stream()
