"""The report of a build: JSON with a published schema (``schema``), in the terminal, as a page.

Import from its modules. The package itself imports nothing, because ``console`` is used long before
there is a report.
"""
