"""The report of a build: one JSON file, with a published schema."""

from hatch_multiarch.report.load import load
from hatch_multiarch.report.make import Clock, make_report, with_published, write
from hatch_multiarch.report.proof import prove
from hatch_multiarch.report.report_model import BeforeRecord, Report

__all__ = [
    "BeforeRecord",
    "Clock",
    "Report",
    "load",
    "make_report",
    "prove",
    "with_published",
    "write",
]
