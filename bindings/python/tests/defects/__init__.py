"""The predecessor's measured defects, each of which is absent here.

One test for each mark, named after it. Every test runs on both packages, boto3-refresh-session
and evercreds: ``./task python:defects`` shows both columns. The first is to fail, for the reason
of the mark; the second is to pass.
"""
