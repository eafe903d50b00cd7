"""The comparison with PyTorch: on every processor with the numbers that PyTorch draws on most of them."""

from tests.parity.processor import draw_from_the_stream, draws_from_the_stream

if not draws_from_the_stream():
    draw_from_the_stream()
