"""``hatch-multiarch doctor``: what works on this machine, what is missing, and how to get it."""

from hatch_multiarch.doctor.examine import examine
from hatch_multiarch.doctor.finding import Diagnosis, Finding
from hatch_multiarch.doctor.platform_check import on_platform

__all__ = ["Diagnosis", "Finding", "examine", "on_platform"]
