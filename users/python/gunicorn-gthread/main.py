# The threads of each worker share one session and its refreshes.
# title: gunicorn, gthread workers
# framework: gunicorn
from serving import gunicorn

gunicorn("--worker-class=gthread", "--workers=2", "--threads=8")
