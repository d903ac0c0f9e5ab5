"""`nox -l` lists what this gives: wheels, helpers, images, verify, inspect, release and ci."""

from hatch_multiarch.sessions import register

register()
