"""The plan: what a build will do, computed without doing it."""

from hatch_multiarch.plan.env_options import Switches
from hatch_multiarch.plan.plan_model import (
    Choice,
    Docker,
    ImagePlan,
    Mode,
    Plan,
    Project,
    Unit,
    WheelPlan,
)
from hatch_multiarch.plan.planner import make_plan
from hatch_multiarch.plan.select_engine import choose
from hatch_multiarch.plan.units import slug

__all__ = [
    "Choice",
    "Docker",
    "ImagePlan",
    "Mode",
    "Plan",
    "Project",
    "Switches",
    "Unit",
    "WheelPlan",
    "choose",
    "make_plan",
    "slug",
]
