# Each sync worker refreshes the session that the master made, preloaded.
# title: gunicorn, sync workers
# framework: gunicorn
from serving import gunicorn

gunicorn("--worker-class=sync", "--workers=2", "--preload")
