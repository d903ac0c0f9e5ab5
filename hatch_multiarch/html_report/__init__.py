"""The report as one HTML page, for people: it needs no script, no network and no other file."""

from hatch_multiarch.html_report.document import page
from hatch_multiarch.html_report.find_report import find, write_page

__all__ = ["find", "page", "write_page"]
