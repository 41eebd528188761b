"""How a page shows things: sentences and tables as HTML, with the same in plain text; everything escaped, no script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape as escaped
from typing import Any

from toolkit.money import Money, show
from toolkit.problems import Problem, Severity

MOST_ROWS = 20
"""Rows of a table that stand open on the page; the rest is folded away under them."""

# Colors come from JupyterLab's theme where there is one, so that a dark page stays readable.
STYLE = """
.cw{overflow-x:auto;font-size:13px;line-height:1.45;color:var(--jp-content-font-color1,#1f2933);max-width:62rem;
 margin:.2rem 0 .8rem}
.cw h4{font-size:14px;margin:1rem 0 .3rem;font-weight:600}
.cw p{margin:.3rem 0}
.cw .quiet{color:var(--jp-content-font-color2,#5b6770)}
.cw table{border-collapse:collapse;margin:.2rem 0 .4rem;font-size:13px;border:0}
.cw table th,.cw table td{padding:.22rem .9rem .22rem 0;text-align:left!important;vertical-align:top;border:0;
 background:none;max-width:30rem;white-space:normal}
.cw th{font-weight:600;border-bottom:1px solid var(--jp-border-color1,#b8c4ce)}
.cw tbody tr:nth-child(n){background:none}
.cw tbody td{border-bottom:1px solid var(--jp-border-color3,#e7ecf0)}
.cw table td.n,.cw table th.n{text-align:right!important;font-variant-numeric:tabular-nums;white-space:nowrap}
.cw tr.sum td{font-weight:600;border-top:1px solid var(--jp-border-color1,#b8c4ce);border-bottom:0}
.cw .note,.cw .stop,.cw .good{border-left:4px solid #9aa8b4;padding:.35rem .8rem;margin:.35rem 0}
.cw .stop{border-color:#b3422f}.cw .good{border-color:#2c7a4b}
.cw .good b{color:#2c7a4b}.cw .stop b{color:#b3422f}
.cw .stop details,.cw .note details{margin:.1rem 0}
.cw code{font-size:12.5px;padding:0 .25rem}
.cw details>summary{cursor:pointer;color:var(--jp-content-link-color,#2f6f9f);margin:.3rem 0}
.cw .pair{display:flex;flex-wrap:wrap;gap:0 2.2rem;align-items:flex-start}
.cw .big{font-size:22px;font-weight:600;font-variant-numeric:tabular-nums}
.cw svg{max-width:100%;height:auto}
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """Something to be read on a page: `html` where there is a browser, `text` where there is none."""

    html: str
    text: str

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """What Jupyter displays."""
        return {"text/html": styled(self.html), "text/plain": self.text}

    def __add__(self, other: Shown) -> Shown:
        """One under the other."""
        return Shown(self.html + other.html, "\n".join(part for part in (self.text, other.text) if part))


EMPTY = Shown("", "")


def styled(html: str) -> str:
    """A fragment in the pages' own look, which reaches no further than the fragment."""
    # Without the class JupyterLab would set "$1.00 of $2.00" as a formula.
    return f'<style>{STYLE}</style><div class="cw mathjax_ignore tex2jax_ignore">{html}</div>'


def stack(parts: Iterable[Shown]) -> Shown:
    """All parts, one under the other."""
    shown = EMPTY
    for part in parts:
        shown = shown + part
    return shown


def heading(text: str) -> Shown:
    """A small heading."""
    return Shown(f"<h4>{escaped(text)}</h4>", f"\n{text}")


def sentence(text: str, *, quiet: bool = False) -> Shown:
    """One paragraph."""
    return Shown(f"<p{' class=quiet' if quiet else ''}>{escaped(text)}</p>", text)


def good(text: str) -> Shown:
    """A sentence with a green check."""
    return Shown(f'<div class="good"><b>✓</b> {escaped(text)}</div>', f"✓ {text}")


def stop(text: str) -> Shown:
    """A sentence that says what stands in the way."""
    return Shown(f'<div class="stop">{escaped(text)}</div>', f"! {text}")


def note(text: str) -> Shown:
    """A sentence worth reading that stops nothing."""
    return Shown(f'<div class="note">{escaped(text)}</div>', f"· {text}")


Cell = str | int | Money


def table(
    header: Sequence[str], rows: Sequence[Sequence[Cell]], *, sums: Sequence[Cell] = (), most: int = MOST_ROWS
) -> Shown:
    """A table; amounts and counts stand right. Rows beyond `most` are folded away; `sums` is the line under them."""
    if not rows:
        return EMPTY
    numeric = [all(not isinstance(row[place], str) or row[place] == "" for row in rows) for place in range(len(header))]
    head = "".join(_cell("th", name, right) for name, right in zip(header, numeric, strict=True))
    last = f'<tr class="sum">{_cells(sums, numeric)}</tr>' if sums else ""
    html = _body(head, rows[:most], numeric, last if len(rows) <= most else "")
    if len(rows) > most:
        rest = _body(head, rows[most:], numeric, last)
        html += f"<details><summary>and {len(rows) - most} more</summary>{rest}</details>"
    return Shown(html, _table_text(header, rows, sums, numeric))


def _body(head: str, rows: Sequence[Sequence[Cell]], numeric: Sequence[bool], last: str) -> str:
    lines = "".join(f"<tr>{_cells(row, numeric)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}{last}</tbody></table>"


def _cells(row: Sequence[Cell], numeric: Sequence[bool]) -> str:
    return "".join(_cell("td", cell_text(cell), right) for cell, right in zip(row, numeric, strict=True))


def _cell(tag: str, text: str, right: bool) -> str:
    return f"<{tag}{' class=n' if right else ''}>{escaped(text)}</{tag}>"


def cell_text(cell: Cell) -> str:
    """A cell as people read it: amounts with two places and commas."""
    return show(cell) if isinstance(cell, Money) else f"{cell:,}" if isinstance(cell, int) else cell


def _table_text(
    header: Sequence[str], rows: Sequence[Sequence[Cell]], sums: Sequence[Cell], numeric: Sequence[bool]
) -> str:
    lines = [list(header), *([cell_text(cell) for cell in row] for row in (*rows, *([sums] if sums else [])))]
    widths = [max(len(line[place]) for line in lines) for place in range(len(header))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    )


def fold(title: str, inside: Shown) -> Shown:
    """Something that opens when a person clicks on its title."""
    if not inside.html:
        return EMPTY
    return Shown(
        f"<details><summary>{escaped(title)}</summary>{inside.html}</details>",
        f"{title}:\n{inside.text}",
    )


def beside(*parts: Shown) -> Shown:
    """Parts beside each other where the page is wide enough."""
    inside = "".join(f"<div>{part.html}</div>" for part in parts if part.html)
    return Shown(f'<div class="pair">{inside}</div>', "\n".join(part.text for part in parts if part.text))


def picture(svg: str, words: str) -> Shown:
    """A drawing that we made ourselves; `words` say what is to be seen."""
    return (
        Shown(f'<figure role="img" aria-label="{escaped(words)}" style="margin:0">{svg}</figure>', "") if svg else EMPTY
    )


LONG = 240
"""A sentence longer than this is folded after its first parts."""


def problem(one: Problem) -> Shown:
    """One problem or question: what, where, why it matters, what to do."""
    kind = "note" if one.severity is Severity.NOTE else "stop"
    answers = f" Possible answers: {'; '.join(one.candidates)}." if one.candidates else ""
    do = f"<br><span>{escaped(one.do)}{escaped(answers)}</span>" if one.do.strip(" .") not in ("", "Nothing") else ""
    html = (
        f'<div class="{kind}">{_what(one.what)} {escaped(one.why)}{do}'
        f'<br><span class="quiet">{escaped(one.where)}</span></div>'
    )
    return Shown(html, f"- {one.where}: {one.what} {one.why} {one.do}{answers}")


def _what(sentence: str) -> str:
    """What happened; a long list of parts opens on demand."""
    if len(sentence) <= LONG or "; " not in sentence[:LONG]:
        return f"<b>{escaped(sentence)}</b>"
    first = sentence[:LONG].rpartition("; ")[0]
    rest = sentence[len(first) + 2 :]
    more = rest.count("; ") + 1
    return f"<b>{escaped(first)}</b><details><summary>and {more} more</summary>{escaped(rest)}</details>"


def problems(found: Sequence[Problem]) -> Shown:
    """What a person must settle first, then what is worth noting."""
    stopping = [one for one in found if one.severity is not Severity.NOTE]
    notes = [one for one in found if one.severity is Severity.NOTE]
    shown = EMPTY
    if stopping:
        shown = heading(f"{len(stopping)} to settle") + stack(problem(one) for one in stopping)
    if notes:
        shown = shown + fold(f"{len(notes)} to note", stack(problem(one) for one in notes))
    return shown
