"""One case on one page: pictures, sizes and where they come from, as HTML without other files."""

from __future__ import annotations

from shaspec.report.page import case_page, write_report

__all__ = ["case_page", "write_report"]
