"""RabbitMQ as the broker: it asks this console by HTTP, and a guard closes what may not stay.

`answers` decides what RabbitMQ asks, `views` are its four questions, `management` is the part of
its HTTP API that is used, `guard` closes connections and keeps client ids apart.
"""
