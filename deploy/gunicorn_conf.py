"""How gunicorn serves the portal, alike in `make run` and in the containers.

One process with threads, because the embedded default keeps its rate limits in the
memory of that process; more processes (WEB_CONCURRENCY) where there is a Redis.
"""

wsgi_app = "dip_portal.wsgi:application"
worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = 10
keepalive = 5
accesslog = "-"
access_log_format = '%(h)s %(t)s "%(r)s" %(s)s %(b)s %(M)sms [%({x-correlation-id}o)s]'
logger_class = "deploy.access_log.RedactingLogger"
# Its default place is one for all of a user's gunicorns, and nobody asks it anything here.
control_socket_disable = True
