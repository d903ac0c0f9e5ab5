from hatch_multiarch.sessions import register

register()
