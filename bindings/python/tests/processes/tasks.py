"""Celery tasks whose session is made, and used, before the pool forks."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from refreshing import keep_busy, make_session, over_a_refresh, sign


def make_app(folder: str) -> Celery:
    """Make an application whose broker and results are files in this folder."""
    app = Celery("tasks", broker="filesystem://", backend=f"file://{folder}/results")
    app.conf.update(
        broker_transport_options={
            "data_folder_in": f"{folder}/queue",
            "data_folder_out": f"{folder}/queue",
            "control_folder": f"{folder}/control",
            "polling_interval": 0.05,
        },
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=False,
        task_acks_late=True,
    )
    return app


if "CELERY_FOLDER" in os.environ:
    app = make_app(os.environ["CELERY_FOLDER"])
    session = make_session()
    sign(session)
    keep_busy(session)

    @app.task(name="work", time_limit=60)  # type: ignore[untyped-decorator]
    def work(number: int) -> dict[str, Any]:
        """Do a piece of work."""
        return over_a_refresh(session, number)
