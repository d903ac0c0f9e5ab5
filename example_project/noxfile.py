"""`nox -l` lists what this gives: wheels, helpers by platform, images, verify, inspect, release, ci."""

from hatch_multiarch.sessions import register

register()
