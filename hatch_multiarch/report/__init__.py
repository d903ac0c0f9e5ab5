"""The report of a build: JSON with a published schema (``schema``), in the terminal, as a page.

Nothing is imported here: ``console`` speaks long before there is a report. Import from the
modules.
"""
