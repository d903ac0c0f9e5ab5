"""What a build would do, computed without doing it."""

from hatch_multiarch.plan.make import make_plan
from hatch_multiarch.plan.records import ImagePlan, Mode, Plan, Project, Unit, WheelPlan
from hatch_multiarch.plan.switches import Switches
from hatch_multiarch.plan.units import slug

__all__ = [
    "ImagePlan",
    "Mode",
    "Plan",
    "Project",
    "Switches",
    "Unit",
    "WheelPlan",
    "make_plan",
    "slug",
]
