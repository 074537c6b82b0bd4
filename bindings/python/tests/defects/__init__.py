"""The defects that were measured in the predecessor, each of which is absent here.

Each test is named after the mark that a defect has in ``docs/evidence/defects.md``, and its first
line is the sentence that stands there. ``test_page.py`` compares the two.
"""
