"""The report as one self-contained HTML page, without scripts or other files."""

from hatch_multiarch.report.html.document import page, write_page

__all__ = ["page", "write_page"]
