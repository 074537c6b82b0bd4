"""Tells whether a store does what sessions rely on: 24 rules, the same ones in all languages.

In a test of yours::

    from evercreds.share.testing import check_store


    def test_my_store():
        check_store(lambda: MyStore(client))

or one test for each rule, with pytest::

    @pytest.mark.parametrize("rule", RULES, ids=str)
    def test_my_store(rule):
        rule.check(lambda: MyStore(client))
"""

from evercreds.share.testing._rules import RULES, BrokenRuleError, Rule, check_store

__all__ = ["RULES", "BrokenRuleError", "Rule", "check_store"]
