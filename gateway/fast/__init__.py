"""The ordinary check-in, answered before Django: many devices share one statement and one commit.

Only what is ordinary is done here: a known device with a right key, whose identity, version and
environment are what the database has, and for which nothing waits. All that is decided inside the
one statement, so there is nothing in memory that could be out of date: a key that is revoked no
longer matches. Whatever the statement leaves out goes to the services of `gateway`, as if this
package were not there.

`calls` reads a request, `writer` gathers calls and commits them together, `statements` is the SQL
of both databases, `notices` says afterwards what may wait, `line` holds back calls when too many
need the services at once, `app` is the ASGI application. `questions` are
those of RabbitMQ, which are answered here for the same reason.
"""
