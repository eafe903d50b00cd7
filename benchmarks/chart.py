"""A bar chart as SVG: one bar for each workload, and a line where both take the same time."""

from __future__ import annotations

from xml.sax.saxutils import escape

ROW, LEFT, WIDTH, TOP = 26, 230, 420, 34  # pixels
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .faster { fill: #2da44e } .slower { fill: #d29922 } .line { stroke: #6e7781; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }
"""


def bars(title: str, ratios: dict[str, float]) -> str:
    """The chart; the shorter a bar, the faster is cutaway."""
    longest = max(1.0, *ratios.values())
    height = TOP + ROW * len(ratios) + 26
    one = LEFT + WIDTH / longest
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 60} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<text x="{LEFT}" y="20">{escape(title)}</text>',
    ]
    for i, (name, ratio) in enumerate(ratios.items()):
        y, width = TOP + ROW * i, WIDTH * ratio / longest
        kind = "faster" if ratio <= 1 else "slower"
        lines += [
            f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{kind}" x="{LEFT}" y="{y + 2}" width="{width:.1f}" height="{ROW - 8}" rx="2"/>',
            f'<text x="{LEFT + width + 6:.1f}" y="{y + 15}">{ratio:.2f}</text>',
        ]
    lines += [
        f'<line class="line" x1="{one:.1f}" y1="{TOP - 4}" x2="{one:.1f}" y2="{height - 22}"/>',
        f'<text x="{one:.1f}" y="{height - 6}" text-anchor="middle">PyTorch</text>',
        "</svg>\n",
    ]
    return "\n".join(lines)
