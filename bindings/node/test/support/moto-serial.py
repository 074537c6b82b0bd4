# moto's server, one request at a time: its conditions are not atomic between threads, as
# those of DynamoDB and S3 are.
import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

run_simple("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app))
