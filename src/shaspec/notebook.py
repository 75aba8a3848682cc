"""Results in a notebook: small HTML tables without style sheets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(
    title: str, head: Sequence[str], rows: Iterable[Sequence[str]], notes: Iterable[str] = ()
) -> str:
    """A table with a title, for ``_repr_html_``.

    Args:
        title: bold, above the table.
        head: names of the columns.
        rows: texts of the cells; they are escaped.
        notes: a line each, below the table.

    Returns:
        An HTML fragment.
    """
    lines = [f"<p><b>{escape(title)}</b></p>", "<table>", _row("th", head)]
    lines += [_row("td", row) for row in rows]
    lines += ["</table>", *(f"<p>{escape(note)}</p>" for note in notes)]
    return "\n".join(lines)


def _row(cell: str, texts: Sequence[str]) -> str:
    cells = (f'<{cell} style="text-align:left">{escape(text)}</{cell}>' for text in texts)
    return f"<tr>{''.join(cells)}</tr>"
