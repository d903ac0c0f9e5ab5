"""The report as one self-contained HTML page, without scripts or other files."""

from hatch_multiarch.html_report.document import page
from hatch_multiarch.html_report.find_report import find, write_page

__all__ = ["find", "page", "write_page"]
