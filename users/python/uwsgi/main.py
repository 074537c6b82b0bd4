# uWSGI loads the application in its master and forks in C; background refreshes go on between
# requests.
# title: uWSGI, with --enable-threads
# framework: uWSGI
from serving import uwsgi

uwsgi("--enable-threads")
