# Without threads of uWSGI's, a caller runs the refresh: advisory_refresh="inline".
# title: uWSGI, without threads
# framework: uWSGI
import os

from serving import uwsgi

os.environ["ADVISORY_REFRESH"] = "inline"
uwsgi()
