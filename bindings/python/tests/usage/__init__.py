"""Programs that were written for the predecessor, run with nothing but their import lines changed.

There is one for each example of its pages. They are programs for it indeed: ``./task python:usage``
runs them, unchanged, on boto3-refresh-session too.
"""
