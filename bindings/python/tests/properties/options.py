"""The options of a random session."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

__all__ = ["OPTIONS", "stability_of"]

_MANDATORY_S = [0, 1, 5, 60, 600, 3000]
_MORE_S = [0, 1, 9, 60, 300, 3600]


@st.composite
def _windows(draw: st.DrawFn) -> dict[str, Any]:
    mandatory = draw(st.sampled_from(_MANDATORY_S))
    advisory = mandatory + draw(st.sampled_from(_MORE_S))
    return draw(
        st.sampled_from(
            [
                {},
                {"advisory_timeout": advisory},
                {"mandatory_timeout": mandatory},
                {"advisory_timeout": advisory, "mandatory_timeout": mandatory},
                {"advisory_timeout": "auto"},
            ]
        )
    )


_OTHERS = st.fixed_dictionaries(
    {"defer_refresh": st.sampled_from([True, True, False])},
    optional={
        "policy": st.sampled_from(["classic", "adaptive", "aws2026"]),
        "stability": st.sampled_from(["strict", "until_expiry", "static"]),
        "advisory_refresh": st.sampled_from(["background", "inline"]),
        "refresh_timeout": st.sampled_from([0.05, 1, 10, 60, 3600]),
        "jitter": st.booleans(),
        "max_stale": st.sampled_from([0, 10, 3600]),
        "max_wait": st.sampled_from([0, 0.5, 30]),
    },
)

OPTIONS = st.builds(lambda windows, others: windows | others, _windows(), _OTHERS)

_OF_POLICY = {"classic": "until_expiry", "adaptive": "until_expiry", "aws2026": "static"}


def stability_of(options: dict[str, Any]) -> str:
    """Tell the stability in force."""
    return str(options.get("stability") or _OF_POLICY[options.get("policy", "classic")])
