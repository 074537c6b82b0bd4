# Greenlets of patched workers share a session; a refresh keeps none of the others.
# title: gunicorn, gevent workers
# framework: gunicorn
from serving import gunicorn

gunicorn("--worker-class=gevent", "--workers=2")
