"""One-page report of a case as HTML or PDF: pictures, sizes and provenance.

The names of `__all__` are imported when they are first used: who only reads the texts of a report
needs no plotting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shaspec.lazy import getter

if TYPE_CHECKING:
    from shaspec.report.page import case_page
    from shaspec.report.sheet import case_sheet
    from shaspec.report.write import ENDINGS, write_report

__all__ = ["ENDINGS", "case_page", "case_sheet", "write_report"]

_MODULES = {
    "ENDINGS": "shaspec.report.write",
    "case_page": "shaspec.report.page",
    "case_sheet": "shaspec.report.sheet",
    "write_report": "shaspec.report.write",
}
"""Where the names are defined."""


__getattr__ = getter(__name__, _MODULES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
