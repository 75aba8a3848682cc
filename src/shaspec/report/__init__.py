"""One case on one page: pictures, sizes and where they come from, as HTML or PDF."""

from __future__ import annotations

from shaspec.report.page import case_page
from shaspec.report.sheet import case_sheet
from shaspec.report.write import write_report

__all__ = ["case_page", "case_sheet", "write_report"]
