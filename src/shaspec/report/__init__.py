"""One-page report of a case as HTML or PDF: pictures, sizes and provenance."""

from __future__ import annotations

from shaspec.report.page import case_page
from shaspec.report.sheet import case_sheet
from shaspec.report.write import ENDINGS, write_report

__all__ = ["ENDINGS", "case_page", "case_sheet", "write_report"]
