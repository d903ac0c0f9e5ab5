"""What of this machine a build could use, what it lacks, and the one command that brings it."""

from hatch_multiarch.doctor.examine import examine
from hatch_multiarch.doctor.finding import Diagnosis, Finding
from hatch_multiarch.doctor.running import on_platform

__all__ = ["Diagnosis", "Finding", "examine", "on_platform"]
