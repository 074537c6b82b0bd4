"""Programs that were written for the predecessor, run with nothing but their import lines changed.

There is one for each example of its pages. They are programs for it indeed: unchanged, each printed
the same on boto3-refresh-session 10.0.7, but for a difference on purpose (I1).
"""
