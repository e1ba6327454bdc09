"""What every broker lets whom do, by one suite: amqtt, RabbitMQ and Mosquitto, for real."""
